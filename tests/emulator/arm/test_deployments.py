"""What the control plane takes, refuses and lets go of."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

DAY = 86_400


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_new_deployment_is_created_behind_a_long_running_operation(arm):
    answer = await arm.put("fresh", capacity=250)
    assert answer.status_code == 201
    body = answer.json()
    assert body["properties"]["provisioningState"] == "Creating"
    assert body["properties"]["currentCapacity"] == body["sku"]["capacity"] == 250
    assert int(answer.headers["retry-after"]) >= 1
    operation = answer.headers["azure-asyncoperation"].removeprefix("http://127.0.0.1:8000")
    under_way = await arm.call("GET", operation, version=None)
    assert (under_way.json()["status"], under_way.status_code) == ("InProgress", 200)
    assert int(under_way.headers["retry-after"]) >= 1
    arm.clock.seconds += 2
    assert (await arm.call("GET", operation, version=None)).json()["status"] == "Succeeded"
    after = (await arm.call("GET", "deployments/FRESH")).json()
    assert (after["name"], after["properties"]["provisioningState"]) == ("fresh", "Succeeded")


async def test_success_comes_before_the_data_plane_is_ready(arm):
    await arm.put("fresh")
    arm.clock.seconds += 2
    assert (await arm.call("GET", "deployments/fresh")).json()["properties"]["provisioningState"] == "Succeeded"
    early = await arm.chat("fresh")
    assert code(early) == (404, "DeploymentNotFound")
    arm.clock.seconds += 5
    assert (await arm.chat("fresh")).status_code == 200


async def test_a_deleted_deployment_is_gone_for_callers_at_once_and_for_lists_a_little_later(arm):
    await arm.deployed("brief")
    answer = await arm.call("DELETE", "deployments/brief")
    assert answer.status_code == 202
    result = answer.headers["location"].removeprefix("http://127.0.0.1:8000")
    assert (await arm.chat("brief")).status_code == 404
    assert (await arm.call("GET", "deployments/brief")).json()["properties"]["provisioningState"] == "Deleting"
    assert (await arm.call("GET", result, version=None)).status_code == 202
    arm.clock.seconds += 2
    assert (await arm.call("GET", result, version=None)).status_code == 204
    assert "brief" not in await arm.names()
    assert (await arm.call("DELETE", "deployments/brief")).status_code == 204


async def test_capacity_is_changed_while_the_deployment_goes_on_answering(arm):
    await arm.deployed("grows", capacity=1)
    answer = await arm.call("PATCH", "deployments/grows", {"sku": {"name": "globalstandard", "capacity": 7}})
    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (202, "Accepted")
    assert (await arm.chat("grows")).headers["x-ratelimit-limit-tokens"] == "7000"
    arm.clock.seconds += 1
    result = answer.headers["location"].removeprefix("http://127.0.0.1:8000")
    done = await arm.call("GET", result, version=None)
    assert (done.status_code, done.json()["sku"]["capacity"]) == (200, 7)
    same = await arm.call("PATCH", "deployments/grows", {"sku": {"capacity": 7}})
    assert (same.status_code, same.json()["etag"]) == (200, done.json()["etag"])


@pytest.mark.parametrize(
    ("sku", "shown"),
    [
        ("standard", "Standard"),
        ("GLOBALSTANDARD", "GlobalStandard"),
        ("datazonestandard", "DataZoneStandard"),
        ("provisionedManaged", "ProvisionedManaged"),
        ("globalprovisionedmanaged", "GlobalProvisionedManaged"),
        ("dataZoneProvisionedManaged", "DataZoneProvisionedManaged"),
        ("globalbatch", "GlobalBatch"),
        ("datazonebatch", "DataZoneBatch"),
    ],
)
async def test_skus_are_known_in_any_case(arm, sku, shown):
    answer = await arm.put("sized", sku=sku, capacity=50)
    assert (answer.status_code, answer.json()["sku"]["name"]) == (201, shown)


@pytest.mark.parametrize("sku", ["developer", "DeveloperTier", "standard", "GlobalStandard", "ProvisionedManaged"])
async def test_tuned_models_and_their_checkpoints_are_deployed_by_their_names(arm, tuned_model, sku):
    await arm.deployed("final", tuned_model, sku, capacity=50)
    await arm.deployed("step", f"{tuned_model.upper()}:ckpt-step-7", sku, capacity=50)
    shown = (await arm.call("GET", "deployments/step")).json()["properties"]["model"]
    assert shown == {"format": "OpenAI", "name": f"{tuned_model}:ckpt-step-7", "version": "1"}
    answer = await arm.chat("step")
    assert answer.json()["model"] == f"{tuned_model}:ckpt-step-7"


@pytest.mark.parametrize(
    ("model", "sku", "version"),
    [
        ("gpt-4.1-nano", "DeveloperTier", "2025-04-14"),
        ("gpt-4.1-nano", "Gold", "2025-04-14"),
        ("o3", "Standard", "2025-04-16"),
        ("tuned", "GlobalBatch", "1"),
    ],
)
async def test_a_sku_that_a_model_cannot_have_is_refused_in_the_services_words(arm, tuned_model, model, sku, version):
    answer = await arm.put("refused", tuned_model if model == "tuned" else model, sku, version=version)
    assert code(answer) == (400, "InvalidResourceProperties")
    message = answer.json()["error"]["message"]
    assert message.startswith(f"The specified SKU '{sku}' for model '")
    assert message.endswith("is not supported in this region 'swedencentral'.")


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "gpt-9"},
        {"model": "gpt-4.1-nano-2025-04-14"},
        {"version": "2020-01-01"},
        {"format": "Meta"},
        {"format": None},
    ],
)
async def test_a_model_that_the_service_does_not_have_is_refused(arm, changes):
    answer = await arm.put("refused", **changes)
    assert code(answer) == (400, "DeploymentModelNotSupported")


async def test_a_tuned_model_has_version_one_only(arm, tuned_model):
    assert code(await arm.put("refused", tuned_model, version="2025-04-14")) == (400, "DeploymentModelNotSupported")
    assert (await arm.put("taken", tuned_model, version=None)).json()["properties"]["model"]["version"] == "1"


@pytest.mark.parametrize(
    ("format_", "status"),
    [("Mistral AI", 201), ("Ministral AI", 201), ("OpenAI-OSS", 201), ("mistral ai", 500), ("OpenAI", 500)],
)
async def test_an_open_model_under_a_wrong_format_fails_without_a_word(arm, format_, status):
    answer = await arm.put("open", "Ministral-3B", format=format_, version="2411", capacity=100)
    assert answer.status_code == status
    assert bool(answer.content) == (status == 201)


@pytest.mark.parametrize("name", ["-starts", "has space", "a" * 65, "sla%2Fsh", "emoji😀"])
async def test_a_name_that_no_deployment_may_have_is_refused(arm, name):
    before = await arm.names()
    answer = await arm.put(name)
    assert answer.status_code in (400, 404)
    assert "error" in answer.json()
    assert await arm.names() == before


@pytest.mark.parametrize("capacity", [0, -1, 1.5, "ten", True, 10**30])
async def test_a_capacity_that_is_no_whole_number_is_refused(arm, capacity):
    assert code(await arm.put("refused", capacity=capacity)) == (400, "InvalidCapacity")


async def test_a_taken_name_is_not_given_to_another_model(arm):
    answer = await arm.put("GPT-4.1", "gpt-4.1-nano")
    assert code(answer) == (409, "itemDoesAlreadyExist")


async def test_the_same_wish_again_changes_nothing(arm):
    await arm.deployed("same")
    before = (await arm.call("GET", "deployments/same")).json()
    answer = await arm.put("same")
    assert (answer.status_code, answer.json()) == (200, before)


async def test_one_operation_at_a_time(arm):
    await arm.put("first")
    sibling, itself = await arm.put("second"), await arm.call("DELETE", "deployments/first")
    assert code(sibling) == code(itself) == (409, "RequestConflict")
    assert sibling.json()["error"]["message"].startswith("Another operation is being performed on the parent resource")
    assert "provisioning state is not terminal" in itself.json()["error"]["message"]
    arm.clock.seconds += 2
    assert (await arm.put("second")).status_code == 201


@pytest.mark.parametrize(
    ("model", "sku", "sizes", "wrong"),
    [
        ("gpt-4.1", "ProvisionedManaged", (50, 100), (1, 49, 75)),
        ("gpt-4.1-nano", "ProvisionedManaged", (25, 50), (15, 30)),
        ("gpt-4.1-nano", "GlobalProvisionedManaged", (15, 20), (5, 17)),
        ("gpt-4.1-nano", "GlobalStandard", (1, 2), (0,)),
    ],
)
async def test_provisioned_units_come_in_steps_from_a_least_number(arm, model, sku, sizes, wrong):
    for capacity in wrong:
        assert code(await arm.put("sized", model, sku, capacity=capacity)) == (400, "InvalidCapacity")
    for number, capacity in enumerate(sizes):
        await arm.deployed(f"sized-{number}", model, sku, capacity=capacity)
    listed = [entry for page in await arm.pages("models") for entry in page]
    skus = {entry["name"]: entry["skus"] for entry in listed}[model]
    told = next(entry["capacity"] for entry in skus if entry["name"] == sku)
    assert (told["minimum"], told["minimum"] + told["step"]) == sizes
    assert (await arm.call("PATCH", "deployments/sized-0", {"sku": {"capacity": wrong[0]}})).status_code == 400


async def test_long_lists_come_in_pages(arm, tuned_model):
    before = await arm.names()
    made = [f"page-{number}" for number in range(10)]
    for name in made:
        await arm.deployed(name, tuned_model, capacity=1)
    pages = await arm.pages("deployments")
    assert [len(page) for page in pages[:-1]] == [20] * (len(pages) - 1)
    assert len(pages) > 1
    assert [entry["name"] for page in pages for entry in page] == [*before, *made]
    for token in ("x", "-1", "9" * 30):
        answer = await arm.call("GET", f"deployments?$skipToken={token}")
        assert code(answer) == (400, "InvalidSkipToken")


async def test_a_deployment_that_fails_says_so_never_answers_and_holds_its_quota(arm, tuned_model):
    await arm.befall("PUT */deployments/*", "deployment_fails", times=1)
    answer = await arm.put("doomed", tuned_model, "DeveloperTier", capacity=900)
    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (201, "Creating")
    arm.clock.seconds += 30
    status = answer.headers["azure-asyncoperation"].removeprefix("http://127.0.0.1:8000")
    told = (await arm.call("GET", status, version=None)).json()
    assert (told["status"], told["error"]["code"]) == ("Failed", "DeploymentFailed")
    shown = (await arm.call("GET", "deployments/doomed")).json()
    assert shown["properties"]["provisioningState"] == "Failed"
    assert (await arm.chat("doomed")).json()["error"]["code"] == "DeploymentNotFound"
    assert code(await arm.put("next", tuned_model, "DeveloperTier", capacity=240)) == (400, "InsufficientQuota")
    assert (await arm.put("doomed", tuned_model, "DeveloperTier", capacity=900)).status_code == 200
    arm.clock.seconds += 30
    shown = (await arm.call("GET", "deployments/doomed")).json()
    assert shown["properties"]["provisioningState"] == "Succeeded"
    assert (await arm.chat("doomed")).status_code == 200


async def test_a_change_that_fails_leaves_a_deployment_as_it_was(arm):
    await arm.deployed("steady", capacity=5)
    await arm.befall("PATCH */deployments/steady", "deployment_fails", times=1)
    answer = await arm.call("PATCH", "deployments/steady", {"sku": {"capacity": 7}})
    assert answer.status_code == 202
    arm.clock.seconds += 5
    result = answer.headers["location"].removeprefix("http://127.0.0.1:8000")
    assert code(await arm.call("GET", result, version=None)) == (400, "DeploymentFailed")
    shown = (await arm.call("GET", "deployments/steady")).json()
    assert (shown["sku"]["capacity"], shown["properties"]["provisioningState"]) == (5, "Failed")
    assert (await arm.chat("steady")).status_code == 200


async def test_every_region_has_quotas_of_its_own(arm):
    async def usages(location):
        listed = (await arm.call("GET", f"{arm.provider}/locations/{location}/usages")).json()["value"]
        return {entry["name"]["value"]: entry["currentValue"] for entry in listed}

    here, there = await usages("Sweden Central"), await usages("westus3")
    assert here["OpenAI.GlobalStandard.gpt-4.1"] == 10_000
    assert there["OpenAI.GlobalStandard.gpt-4.1"] == 0
    assert "OpenAI.Standard.gpt-4.1" in here
    assert "OpenAI.Standard.gpt-4.1" not in there
    assert await usages("atlantis") == {}
    query = "modelFormat=OpenAI&modelName=gpt-4.1&modelVersion=2025-04-14"
    listed = (await arm.call("GET", f"{arm.provider}/locations/westus3/modelCapacities?{query}")).json()["value"]
    left = {entry["name"]: entry["properties"]["availableCapacity"] for entry in listed}
    assert left["GlobalStandard"] == 30_000
    assert {entry["location"] for entry in listed} == {"westus3"}


async def test_quota_is_counted_refused_and_free_again_a_while_after_a_delete(arm, tuned_model):
    await arm.deployed("large", tuned_model, "DeveloperTier", capacity=900)
    answer = await arm.put("next", tuned_model, "DeveloperTier", capacity=240)
    assert code(answer) == (400, "InsufficientQuota")
    quota = "Tokens Per Minute (thousands) - gpt-4.1-nano-finetune - DeveloperTier"
    assert answer.json()["error"]["message"] == (
        f"This operation require 240 new capacity in quota {quota}, which is bigger than the current available"
        f" capacity 100. The current quota usage is 900 and the quota limit is 1000 for quota {quota}."
    )
    usages = (await arm.call("GET", f"{arm.provider}/locations/swedencentral/usages")).json()["value"]
    used = {entry["name"]["value"]: entry["currentValue"] for entry in usages}
    assert used["OpenAI.DeveloperTier.gpt-4.1-nano-finetune"] == 900
    await arm.call("DELETE", "deployments/large")
    arm.clock.seconds += 3
    assert code(await arm.put("next", tuned_model, "DeveloperTier", capacity=240)) == (400, "InsufficientQuota")
    arm.clock.seconds += 15
    assert (await arm.put("next", tuned_model, "DeveloperTier", capacity=240)).status_code == 201


async def test_growing_beyond_quota_is_refused_by_what_is_new(arm, tuned_model):
    await arm.deployed("large", tuned_model, "DeveloperTier", capacity=900)
    answer = await arm.call("PATCH", "deployments/large", {"sku": {"capacity": 1001}})
    assert code(answer) == (400, "InsufficientQuota")
    assert "require 101 new capacity" in answer.json()["error"]["message"]
    assert (await arm.call("PATCH", "deployments/large", {"sku": {"capacity": 1000}})).status_code == 202


async def test_a_resource_has_room_for_ten_tuned_deployments(arm, tuned_model):
    for number in range(10):
        await arm.deployed(f"tuned-{number}", tuned_model, capacity=1)
    assert code(await arm.put("eleventh", tuned_model, capacity=1)) == (400, "QuotaExceeded")
    assert (await arm.put("base", capacity=1)).status_code == 201


async def test_a_developer_deployment_goes_after_a_day_however_much_it_is_used(arm, tuned_model):
    await arm.deployed("trial", tuned_model, "DeveloperTier")
    arm.clock.seconds += DAY - 60
    assert (await arm.chat("trial")).status_code == 200
    arm.clock.seconds += 60
    assert (await arm.chat("trial")).status_code == 404
    assert "trial" not in await arm.names()
    assert (await arm.put("trial", tuned_model, "DeveloperTier")).status_code == 201


async def test_a_tuned_deployment_goes_after_fifteen_days_without_a_call(arm, tuned_model):
    await arm.deployed("used", tuned_model, capacity=1)
    await arm.deployed("idle", tuned_model, capacity=1)
    await arm.deployed("base", capacity=1)
    arm.clock.seconds += 14 * DAY
    assert (await arm.chat("used")).status_code == 200
    arm.clock.seconds += DAY
    names = await arm.names()
    assert ("used" in names, "idle" in names, "base" in names) == (True, False, True)


async def test_declared_time_passes_faster_at_speed(start, clock):
    async with start(clock=clock, speed=1000.0) as emulator:
        account = emulator.service.resource.account
        path = (
            f"/subscriptions/{account.subscription_id}/resourceGroups/{account.resource_group}"
            f"/providers/Microsoft.CognitiveServices/accounts/{account.name}/deployments/quick?api-version=2025-09-01"
        )
        body = {"properties": {"model": {"format": "OpenAI", "name": "gpt-4.1-nano"}}, "sku": {"name": "Standard"}}
        headers = {"authorization": "Bearer opaque"}
        made = await emulator.http.put(path, json=body, headers=headers)
        assert made.json()["sku"] == {"name": "Standard", "capacity": 1}
        clock.seconds += 0.002
        after = await emulator.http.get(path, headers=headers)
        assert after.json()["properties"]["provisioningState"] == "Succeeded"


async def test_what_a_client_sets_is_shown_again(arm, tuned_model):
    properties = {"raiPolicyName": "Microsoft.DefaultV2", "versionUpgradeOption": "noAutoUpgrade"}
    answer = await arm.put("set", properties=properties)
    shown = answer.json()["properties"]
    assert (shown["raiPolicyName"], shown["versionUpgradeOption"]) == ("Microsoft.DefaultV2", "NoAutoUpgrade")
    arm.clock.seconds += 5
    model = {"format": "OpenAI", "name": tuned_model, "version": "1"}
    body = {"sku": {"name": "GlobalStandard"}, "properties": {"model": {**model, "sourceAccount": arm.path}}}
    own = await arm.call("PUT", "deployments/own", body)
    assert own.json()["properties"]["model"]["sourceAccount"] == arm.path
    arm.clock.seconds += 10
    body["properties"]["model"]["sourceAccount"] = f"{arm.path}-elsewhere"
    assert code(await arm.call("PUT", "deployments/other", body)) == (400, "InvalidResourceProperties")


async def test_deployments_and_operations_survive_a_restart(start, clock):
    async with start(clock=clock, speed=1.0) as emulator:
        account = emulator.service.resource.account
        root = f"/subscriptions/{account.subscription_id}/resourceGroups/{account.resource_group}"
        path = f"{root}/providers/Microsoft.CognitiveServices/accounts/{account.name}/deployments/kept"
        body = {"properties": {"model": {"format": "OpenAI", "name": "gpt-4.1-nano"}}, "sku": {"name": "Standard"}}
        query, headers = "?api-version=2025-09-01", {"authorization": "Bearer opaque"}
        made = await emulator.http.put(path + query, json=body, headers=headers)
    async with start(clock=clock, speed=1.0) as emulator:
        operation = made.headers["azure-asyncoperation"]
        assert (await emulator.http.get(operation, headers=headers)).json()["status"] == "InProgress"
        clock.seconds += 2
        assert (await emulator.http.get(operation, headers=headers)).json()["status"] == "Succeeded"
        again = (await emulator.http.get(path + query, headers=headers)).json()
        assert again["etag"] == made.json()["etag"]


async def test_a_batch_deployment_does_not_chat(arm):
    await arm.deployed("files-only", sku="GlobalBatch")
    assert code(await arm.chat("files-only")) == (400, "OperationNotSupported")


async def test_the_project_route_lists_what_succeeded(arm, tuned_model):
    await arm.deployed("tuned", tuned_model, capacity=3)
    await arm.put("creating")
    headers = {"api-key": arm.account.api_key}
    url = "/api/projects/zava/deployments?api-version=v1"
    listed = (await arm.emulator.http.get(url, headers=headers)).json()["value"]
    by_name = {entry["name"]: entry for entry in listed}
    assert "creating" not in by_name
    assert by_name["tuned"]["modelName"] == tuned_model
    assert by_name["tuned"]["sku"] == {"name": "GlobalStandard", "capacity": 3}
    only = await arm.emulator.http.get(f"{url}&modelPublisher=meta", headers=headers)
    assert {entry["modelPublisher"] for entry in only.json()["value"]} == {"Meta"}
    one = await arm.emulator.http.get("/api/projects/zava/deployments/Tuned?api-version=v1", headers=headers)
    assert one.json() == by_name["tuned"]
    none = await arm.emulator.http.get("/api/projects/zava/deployments/none?api-version=v1", headers=headers)
    assert none.status_code == 404


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", "InvalidRequestContent"),
        (b"[]", "InvalidRequestContent"),
        (b"{", "InvalidRequestContent"),
        (b'{"tags": {"half": "\\ud800"}}', "InvalidRequestContent"),
        (b'{"sku": {"capacity": 1e999}}', "InvalidCapacity"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(arm, content, refusal):
    headers = {"authorization": "Bearer opaque", "content-type": "application/json"}
    url = f"{arm.path}/deployments/gpt-4.1?api-version=2025-09-01"
    answer = await arm.emulator.http.patch(url, content=content, headers=headers)
    assert code(answer) == (400, refusal)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
WISHES = st.fixed_dictionaries(
    {},
    optional={
        "sku": JSON
        | st.fixed_dictionaries({}, optional={"name": st.sampled_from(["Standard", "globalstandard", ""]) | JSON})
        | st.fixed_dictionaries({"name": st.just("GlobalStandard"), "capacity": JSON}),
        "tags": JSON,
        "properties": JSON
        | st.fixed_dictionaries(
            {
                "model": JSON
                | st.fixed_dictionaries(
                    {
                        "name": st.just("gpt-4.1-nano") | JSON,
                        "format": st.just("OpenAI") | JSON,
                        "version": st.just("2025-04-14") | JSON,
                    },
                    optional={"sourceAccount": JSON},
                )
            },
            optional={"raiPolicyName": JSON, "versionUpgradeOption": JSON},
        ),
    },
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wish=WISHES, change=JSON)
async def test_no_body_breaks_the_control_plane(arm, wish, change):
    arm.clock.seconds += 60
    for method, body in (("PUT", wish), ("PATCH", wish), ("PATCH", change)):
        answer = await arm.call(method, "deployments/any", body)
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            assert set(answer.json()["error"]) >= {"code", "message"}
        assert (await arm.call("GET", "deployments")).status_code == 200
