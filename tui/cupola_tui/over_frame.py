"""What opens over the frame at a person's word: help, palette, actions, calls, the guide, connecting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual import on

from cupola.errors import StoreError
from cupola.settings import DEMO_PROFILE, Profile
from cupola.store import health
from cupola.store.database import Database

from .commands import Command
from .messages import Ask, Train
from .on_terminal import OnTerminal
from .screens.frame import FrameScreen

if TYPE_CHECKING:
    from cupola.advice.advise import NextStep
    from cupola.advice.facts import Known

    from .attention import Attention
    from .preferences import Preferences
    from .screens.connect import Reopen
    from .screens.connect_child import Connecting


class OverFrame(OnTerminal):
    """The part of the app that opens screens; the app itself holds what they are given."""

    _profile: Profile
    _database: Database
    _clock: Callable[[], float]
    _commands: Sequence[Command]
    _frame: FrameScreen
    _said_to_guide: dict[str, Known]
    _connecting: Connecting | None
    _config_file: str
    _preferences: Preferences
    _attention: Attention
    reopen: Reopen | None

    def action_help(self) -> None:
        """Help for where one stands."""
        from .screens.reader import ReaderScreen
        from .views.frame import help_lines

        scopes = self._frame.scopes()
        self.push_screen(ReaderScreen("Help", lambda width: help_lines(self._commands, scopes, width)))

    def action_palette(self) -> None:
        """All commands by name."""
        self._choose("Commands", [command for command in self._commands if command.words], typing=True)

    def action_actions(self) -> None:
        """Actions on what is selected."""
        from .screens.menu import Choice, MenuScreen

        actions = {action.kind: action for action in self._frame.pane.actions()}
        if not actions:
            self._say("Nothing is selected here.", warning=True)
            return
        choices = [Choice(kind, one.title, one.what, one.refusal) for kind, one in actions.items()]

        def answer(kind: str | None) -> None:
            if kind is not None:
                self.post_message(Ask(actions[kind]))

        self.push_screen(MenuScreen("Actions", choices, typing=False), answer)

    def action_calls(self) -> None:
        """What was sent to the service."""
        from .screens.calls import calls_screen

        try:
            self.push_screen(calls_screen(health.calls(self._database), self._clock()))
        except StoreError as error:
            self._tell_problem(error.problem, "calls")

    def action_guide(self) -> None:
        """Which technique fits."""
        from .screens.guide import GuideScreen

        async def answer(step: NextStep | None) -> None:
            if step is not None:
                await self.open_step(step)

        self.push_screen(GuideScreen(self._database.path, self._said_to_guide, self._profile.region or ""), answer)

    async def open_step(self, step: NextStep) -> None:
        """Open the screen of the guide's next step over its pane."""
        await self._frame.open_pane(step.pane)
        # The pane that was just made lays itself out first.
        self.call_after_refresh(self._open_over_pane, step)

    def _open_over_pane(self, step: NextStep) -> None:
        if step.opens == "submit":
            from .screens.submit.draft import prepared

            self.post_message(Train(prepared(step.method, step.known)))
        elif step.opens == "models":
            self.action_models(step.method)
        elif step.opens == "raft":
            self.action_raft()
        else:
            self._frame.pane.take_step(step)

    def action_submit(self) -> None:
        """Train a model; how is asked first."""
        from .screens.submit.draft import Wanted

        self.post_message(Train(Wanted()))

    @on(Train)
    def _train(self, message: Train) -> None:
        from .screens.submit import flow

        if not self._may_change("Training") or not self._may_pay():
            return
        pane = self._frame.pane
        desk = flow.Desk(pane, self._database, self._profile, self._clock, self._config_file)
        pane.run_worker(flow.train(desk, message.wanted), group="ask", exclusive=True)

    def action_models(self, method: str = "") -> None:
        """The models table; those that learn by a method first."""
        import datetime as dt

        from cupola.advice.model_table import model_table
        from cupola.store import files
        from cupola_data.models import catalogue
        from cupola_data.prices import price_list

        from .screens.models import ModelsScreen

        try:
            rows = model_table(catalogue(), price_list(), files.models(self._database))
        except StoreError as error:
            self._tell_problem(error.problem, "models")
            return
        today = dt.date.fromtimestamp(self._clock())
        self.push_screen(ModelsScreen(rows, today, method=method, region=self._profile.region or ""))

    def action_raft(self) -> None:
        """From documents to a model that answers among retrieved passages."""
        from .screens.raft import flow

        if not self._may_change("RAFT"):
            return
        pane = self._frame.pane
        desk = flow.Desk(pane, self._database, self._profile, self._clock)
        pane.run_worker(flow.raft(desk), group="ask", exclusive=True)

    def action_connect(self) -> None:
        """Find, write, try and open a profile."""
        if not self._may_change("Connecting"):
            return
        if self._preferences.offline:
            self._say("The screen was opened with --offline: nothing is tried here.", warning=True)
            return
        if self._connecting is None or self._profile.name == DEMO_PROFILE:
            self._say("The demo is connected to the local emulator. Leave it first: cupola", warning=True)
            return
        from .screens.connect import ConnectScreen

        def answer(reopen: Reopen | None) -> None:
            if reopen is not None:
                self.reopen = reopen
                self.exit()

        stored = self._profile.name if self._profile.endpoint else ""
        self.push_screen(ConnectScreen(self._connecting, stored), answer)

    def _may_change(self, what: str) -> bool:
        """Whether anything may be changed here; says so if not."""
        if self._database.read_only:
            self._say(f"{what}: not now, this is read-only.", warning=True)
        return not self._database.read_only

    def _may_pay(self) -> bool:
        """Whether a budget still allows anything; says so if not."""
        if self._attention.refusal is not None:
            self._tell_problem(self._attention.refusal, "budget")
        return self._attention.refusal is None

    def _choose(self, title: str, commands: list[Command], *, typing: bool) -> None:
        from .screens.menu import Choice, MenuScreen

        here = {command.id: command for command in commands if self._frame.owner_of(command) is not None}
        choices = [
            Choice(command.id, command.words, " ".join([command.help, *(f"[{key}]" for key in command.shown_keys[:1])]))
            for command in here.values()
        ]

        async def answer(command_id: str | None) -> None:
            if command_id is None:
                return
            owner = self._frame.owner_of(here[command_id])
            if owner is not None:
                await self.run_action(here[command_id].action, owner)

        self.push_screen(MenuScreen(title, choices, typing=typing), answer)
