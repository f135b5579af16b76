"""What is asked before a deployment is made, changed or removed; each flow ends in a card, which alone acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual.widget import Widget

from cupola.deployments.durations import duration_text, parse_duration
from cupola.deployments.plan import plan
from cupola.deployments.tiers import TIERS, hosting
from cupola.errors import CupolaError, UsageError
from cupola.settings import Profile
from cupola.store.deployments import DEFAULT_FUSE_SECONDS, Deployment, Wanted, is_tuned

from ...messages import Ask, Say, Wish
from ...screens.form import FormScreen, Question
from ...screens.menu import Choice, MenuScreen
from ...views.actions import Action
from ...views.deployments import actions
from ...views.deployments.rows import model_words, money
from .reading import DeploymentFacts
from .sweep import SweepScreen

_SHOWN_TIERS = 4


class Asking:
    """Asks on behalf of a pane; every flow is awaited in one of its workers."""

    def __init__(self, owner: Widget, facts: DeploymentFacts, profile: Profile, clock: Callable[[], float]) -> None:
        self._owner, self._facts, self._profile, self._clock = owner, facts, profile, clock

    async def deploy(self) -> None:
        """Which model, then how, then the card."""
        found = {one.model: one for one in self._facts.candidates()}
        if not found:
            self._owner.post_message(Say("No model is known yet: the service has not told its models.", warning=True))
            return
        choices = [Choice(one.model, model_words(one.model), f"{one.kind} · {one.about}") for one in found.values()]
        model = await self._owner.app.push_screen_wait(MenuScreen("Deploy which model?", choices, typing=True))
        if model is None:
            return
        answers: Mapping[str, str] = {"name": found[model].suggested_name}
        while True:
            questions = _questions(model, answers)
            form = FormScreen(f"Deploy {model_words(model)}", self._tiers(model), questions, "see the cost")
            given = await self._owner.app.push_screen_wait(form)
            if given is None:
                return
            answers = given
            try:
                takes = plan(self._facts.database, _wanted(model, answers))
            except CupolaError as error:
                self._tell(error)
                continue
            self._owner.post_message(Ask(actions.create_action(takes, self._profile, self._clock())))
            return

    async def extend(self, row: Deployment) -> None:
        """Until when, then the card."""
        question = Question("goes in", duration_text(DEFAULT_FUSE_SECONDS), "from now: 90m, 4h, 2d, never")
        facts = (("what", f"Sets when {row.name} is removed, counted from now."),)
        while True:
            given = await self._owner.app.push_screen_wait(
                FormScreen(f"Set the fuse of {row.name}", facts, [question], "see the cost")
            )
            if given is None:
                return
            try:
                seconds = parse_duration(given["goes in"])
            except UsageError as error:
                self._tell(error)
                question = Question("goes in", given["goes in"], question.hint)
                continue
            self._owner.post_message(Ask(actions.extend_action(row, seconds, self._profile, self._clock())))
            return

    async def scale(self, row: Deployment) -> None:
        """To what, then the card."""
        form = FormScreen(
            f"Scale {row.name}",
            (("now", f"capacity {row.capacity:,}"), *self._free(row.model, row.sku)),
            [Question("capacity", str(row.capacity), "a whole number of at least 1")],
            "see the card",
        )
        given = await self._owner.app.push_screen_wait(form)
        if given is None:
            return
        if not given["capacity"].isdecimal() or not 1 <= int(given["capacity"]) <= 10**9:
            self._owner.post_message(Say("The capacity must be a whole number of at least 1.", warning=True))
            return
        action = actions.scale_action(row, int(given["capacity"]), self._profile, self._clock())
        self._owner.post_message(Ask(action))

    async def remove(self, row: Deployment) -> None:
        """A card in which the name is typed."""
        action = actions.remove_action(row, self._profile, self._clock())
        given = await self._owner.app.push_screen_wait(
            FormScreen(
                action.title, _card(action), [Question("name", "", f"type {row.name} to remove it")], "remove it"
            )
        )
        if given is None:
            return
        if given["name"] != row.name:
            self._owner.post_message(Say("That is not its name; nothing was done.", warning=True))
            return
        self._owner.post_message(Wish(action))

    async def sweep(self) -> None:
        """The list, in which all are marked; what stays marked goes, after a card."""
        chosen = await self._owner.app.push_screen_wait(SweepScreen(self._facts.orphans(self._clock())))
        if chosen:
            self._owner.post_message(Ask(actions.sweep_action(chosen, self._profile, self._clock())))

    def _tiers(self, model: str) -> list[tuple[str, str]]:
        rows = [("tiers", "what each costs for standing there; tokens are paid on top")]
        for tier in TIERS[:_SHOWN_TIERS]:
            if tier.name == "DeveloperTier" and not is_tuned(model):
                continue
            price = hosting(model, tier.name).usd_per_hour
            words = "price not known" if price is None else f"{money(price)} an hour" if price else "no fee"
            words += ", gone after 24 h" if tier.name == "DeveloperTier" else ""
            free = "".join(f", {value}" for _, value in self._free(model, tier.name))
            rows.append(("", f"{tier.name}: {words}{free}"))
        return rows

    def _free(self, model: str, sku: str) -> list[tuple[str, str]]:
        from cupola.deployments.quota import quota_of

        own = quota_of(self._facts.quota(), model, sku)
        return [("quota", f"{own.free:,.0f} of {own.limit:,.0f} free")] if own is not None else []

    def _tell(self, error: CupolaError) -> None:
        self._owner.post_message(Say(str(error), warning=True))


def _questions(model: str, answers: Mapping[str, str]) -> list[Question]:
    tier = "DeveloperTier" if is_tuned(model) else "GlobalStandard"
    return [
        Question("name", answers.get("name", ""), "up to 64 letters, digits, - or ."),
        Question("tier", answers.get("tier", tier), "one of the names above"),
        Question("capacity", answers.get("capacity", "50"), "thousand tokens a minute; 50 carry a benchmark"),
        Question("goes in", answers.get("goes in", duration_text(DEFAULT_FUSE_SECONDS)), "90m, 4h, 2d, never"),
        Question("idle", answers.get("idle", "never"), "goes when Cupola has not asked it so long"),
        Question("for", answers.get("for", ""), "what it is for, in words"),
    ]


def _wanted(model: str, answers: Mapping[str, str]) -> Wanted:
    capacity = answers["capacity"].replace(",", "")
    return Wanted(
        name=answers["name"],
        model=model,
        sku=answers["tier"],
        capacity=int(capacity) if capacity.isdecimal() else 0,
        fuse_seconds=parse_duration(answers["goes in"]),
        idle_seconds=parse_duration(answers["idle"]),
        purpose=answers["for"],
    )


def _card(action: Action) -> list[tuple[str, str]]:
    rows = (("what", action.what), ("where", action.where), ("cost", action.cost), ("command", action.command))
    return [(name, value) for name, value in rows if value]
