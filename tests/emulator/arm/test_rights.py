"""What the caller may do, as the control plane tells it and as it holds to it."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

WRITE = "Microsoft.CognitiveServices/accounts/deployments/write"
READ = "Microsoft.CognitiveServices/accounts/deployments/read"
KEYS = "Microsoft.CognitiveServices/accounts/listKeys/action"
USAGES = "Microsoft.CognitiveServices/locations/usages/read"


async def switch(arm, *roles):
    headers = {"api-key": arm.account.api_key}
    answer = await arm.emulator.http.put("/emulator/identity", json={"roles": list(roles)}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["roles"]


async def told(arm, action, scope=""):
    """Whether the permissions of a scope name the action."""
    path = f"{scope}/providers/Microsoft.Authorization/permissions" if scope else None
    url = path or f"{arm.path}/providers/Microsoft.Authorization/permissions"
    rights = (await arm.call("GET", url, version="2022-04-01")).json()["value"]
    allowed = [entry.casefold() for right in rights for entry in right["actions"]]
    return any(fnmatchcase(action.casefold(), entry) for entry in allowed)


@pytest.mark.parametrize(
    ("roles", "allowed"),
    [
        (("Owner",), {READ, WRITE, KEYS, USAGES}),
        (("Azure AI User",), {READ, KEYS}),
        (("Foundry User", "Cognitive Services Usages Reader"), {READ, KEYS, USAGES}),
        (("Cognitive Services Contributor",), {READ, WRITE, KEYS}),
        (("Cognitive Services OpenAI Contributor",), {READ, WRITE}),
        (("reader",), {READ}),
        ((), set()),
    ],
)
async def test_what_is_told_is_what_is_allowed(arm, roles, allowed):
    await switch(arm, *roles)
    answers = {
        READ: await arm.call("GET", "deployments"),
        WRITE: await arm.put("wanted"),
        KEYS: await arm.call("POST", "listKeys"),
        USAGES: await arm.call("GET", f"{arm.provider}/locations/swedencentral/usages"),
    }
    assert {action for action, answer in answers.items() if answer.status_code < 300} == allowed
    scopes = dict.fromkeys((READ, WRITE, KEYS), "") | {USAGES: arm.subscription}
    assert {action for action, scope in scopes.items() if await told(arm, action, scope)} == allowed
    for action, answer in answers.items():
        if action not in allowed:
            error = answer.json()["error"]
            assert (answer.status_code, error["code"]) == (403, "AuthorizationFailed")
            assert f"does not have authorization to perform action '{action}'" in error["message"]


async def test_assignments_lead_to_their_definitions(arm):
    assert await switch(arm, "Azure AI User", "Owner") == ["Foundry User", "Owner"]
    listed = (await arm.call("GET", f"{arm.path}/providers/Microsoft.Authorization/roleAssignments")).json()["value"]
    assert [entry["properties"]["scope"] for entry in listed] == [arm.path, arm.subscription]
    for entry, name in zip(listed, ("Foundry User", "Owner"), strict=True):
        definition = (await arm.call("GET", entry["properties"]["roleDefinitionId"])).json()
        assert definition["properties"]["roleName"] == name
    known = (await arm.call("GET", f"{arm.subscription}/providers/Microsoft.Authorization/roleDefinitions")).json()
    assert len(known["value"]) > 5
    unknown = await arm.call("GET", f"{arm.subscription}/providers/Microsoft.Authorization/roleDefinitions/none")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "RoleDefinitionDoesNotExist")


async def test_a_role_on_the_account_alone_does_not_reach_the_subscription(arm):
    await switch(arm, "Foundry User")
    subscription = f"{arm.subscription}/providers/Microsoft.Authorization/permissions"
    assert (await arm.call("GET", subscription)).json() == {"value": []}
    assert (await arm.call("GET", "/subscriptions", version="2022-12-01")).status_code == 200
