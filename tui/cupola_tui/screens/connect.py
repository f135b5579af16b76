"""Connecting a resource: what can be found, a profile, a login, and what works with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from cupola.errors import CupolaError
from cupola.settings import CREDENTIALS, KEY_NAMES
from cupola.settings.writing import save_profile

from ..commands import bindings
from ..lines import Line
from ..messages import Copy
from ..views.connecting import ConnectState, connect_lines, suggested
from .connect_child import SAID, Connecting, told_by
from .form import FormScreen, Question
from .menu import Choice, MenuScreen
from .modal import Modal
from .reader import Pages
from .secret import SecretScreen

_SIGN_IN_VARIABLE = "CUPOLA_SIGN_IN"
_ASKED = {
    "endpoint": "endpoint",
    "credential": "credential",
    "subscription_id": "subscription",
    "resource_group": "group",
    "account": "account",
    "region": "region",
}
"""Settings by what the form, whose labels are short, calls them."""
_OTHER = "another address"


@dataclass(frozen=True, slots=True)
class Reopen:
    """The profile to go on with."""

    profile: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables for the worker's environment; they are written nowhere."""


class ConnectScreen(Modal[Reopen | None]):
    """Answers with the profile to open, or None."""

    BINDINGS = bindings("connect")
    SCOPES = ("connect",)

    def __init__(self, connecting: Connecting, profile: str = "") -> None:
        super().__init__()
        self._connecting = connecting
        self._state = ConnectState(profile)
        self._secrets: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        with Vertical(id="reader") as box:
            box.border_title = Content("Connect a resource")
            box.border_subtitle = Content("n profile  k key  i sign in  t test  y copy code  o open  esc close")
            yield Pages(self._lines)

    def on_mount(self) -> None:
        """Look around; try a profile that is there already."""
        if self._state.profile:
            self._test()
        else:
            self._look()

    def action_new(self) -> None:
        """Write a profile."""
        self._define()

    def action_key(self) -> None:
        """Keep a key."""
        if self._needs_profile():
            self._keep_key()

    def action_sign_in(self) -> None:
        """Sign in with a code."""
        if self._needs_profile():
            self._enter_code()

    def action_test(self) -> None:
        """Try the connection."""
        if self._needs_profile():
            self._test()

    def action_look(self) -> None:
        """Look around again."""
        self._look()

    def action_copy(self) -> None:
        """Copy the code, else the address of the first account."""
        if self._state.code:
            self.app.post_message(Copy(self._state.code, "the code"))

    def action_open(self) -> None:
        """Go on with the profile."""
        if self._needs_profile():
            self.dismiss(Reopen(self._state.profile, dict(self._secrets)))

    def action_scroll_by(self, by: int) -> None:
        """Scroll."""
        self.query_one(Pages).scroll_lines(by)

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)

    def _needs_profile(self) -> bool:
        if not self._state.profile:
            self._show(said="There is no profile yet: n writes one.")
        return bool(self._state.profile)

    @work(exclusive=True, group="connect", exit_on_error=False)
    async def _look(self) -> None:
        self._show(doing="Looking: environment, azd, az, the accounts of your login ...", found=(), missed="", said="")
        found: list[dict[str, Any]] = []
        missed: list[str] = []
        async for told in told_by(self._connecting, ("profile", "find"), self._secrets, notes=True):
            if told.get("schema") == SAID:
                missed.append(str(told.get("what")))
            else:
                found.append(told)
        self._show(doing="", found=tuple(found), missed=" ".join(missed))

    @work(exclusive=True, group="connect", exit_on_error=False)
    async def _define(self) -> None:
        account = ""
        if self._state.accounts:
            chosen = await self.app.push_screen_wait(MenuScreen("Which resource?", self._choices(), typing=False))
            if chosen is None:
                return
            account = chosen if chosen != _OTHER else ""
        start = suggested(self._state, account)
        if not start.get("credential"):
            has_key = any(self._connecting.environment.get(name) for name in KEY_NAMES)
            start["credential"] = "key" if has_key or not self._state.accounts else "entra"
        answers = await self.app.push_screen_wait(_form(self._state.profile or "default", start))
        if answers is None:
            return
        kept = {name: start.get(name, "") for name in ("tenant_id", "project")}
        values = {**kept, **{setting: answers[label] for setting, label in _ASKED.items()}}
        name = answers["name"]
        try:
            save_profile(self._connecting.file, name, values, replace=name == self._state.profile)
        except CupolaError as error:
            self._show(said=str(error))
            return
        self._show(profile=name, said="")
        self._test()

    @work(exclusive=True, group="connect", exit_on_error=False)
    async def _test(self) -> None:
        self._show(doing=f"Trying profile {self._state.profile} ...", facts=(), said="")
        facts: list[dict[str, Any]] = []
        words = ("profile", "test", self._state.profile)
        async for told in told_by(self._connecting, words, self._secrets):
            if told.get("schema") == SAID:
                self._show(said=str(told.get("what")))
            else:
                facts.append(told)
                self._show(facts=tuple(facts))
        self._show(doing="")

    @work(exclusive=True, group="connect", exit_on_error=False)
    async def _keep_key(self) -> None:
        key = await self.app.push_screen_wait(SecretScreen(f"Key of profile {self._state.profile}"))
        if key is None:
            return
        said = ""
        async for told in told_by(self._connecting, ("profile", "key", self._state.profile), {}, key):
            said = str(told.get("what") or "")
        if said:
            self._secrets[KEY_NAMES[0]] = key
        self._show(session=bool(self._secrets))
        self._test()

    @work(exclusive=True, group="connect", exit_on_error=False)
    async def _enter_code(self) -> None:
        kept = False
        for words in (("profile", "sign-in"), ("profile", "sign-in", "--session")):
            self._show(doing="Asking for a code ...", said="", code="")
            said = ""
            async for told in told_by(self._connecting, (*words, self._state.profile), {}):
                kept = self._take(told) or kept
                said = str(told.get("what") or "") if told.get("schema") == SAID else said
            if kept or not said or self._state.code:
                break
        self._show(doing="", code="", address="", said="" if kept else said, session=bool(self._secrets))
        if not said:
            self._test()

    def _take(self, told: Mapping[str, Any]) -> bool:
        """Show a code, or keep the sign-in that came of it; whether it was the latter."""
        if told.get("schema") == "cupola.code/1":
            self._show(code=str(told.get("code")), address=str(told.get("address")), doing="Waiting for the code ...")
        elif told.get("schema") == "cupola.sign_in/1":
            self._secrets[_SIGN_IN_VARIABLE] = str(told.get("sign_in"))
            return True
        return False

    def _choices(self) -> list[Choice]:
        accounts = [
            Choice(str(row.get("setting")), str(row.get("setting")), str(row.get("origin") or ""))
            for row in self._state.accounts
        ]
        return [*accounts, Choice(_OTHER, _OTHER, "typed by hand")]

    def _show(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)
        if self.is_attached:
            self.query_one(Pages).show_anew()

    def _lines(self, width: int) -> list[Line]:
        return connect_lines(self._state, str(self._connecting.file), width)


def _form(name: str, start: Mapping[str, str]) -> FormScreen:
    hints = {
        "endpoint": "https://NAME.openai.azure.com",
        "credential": ", ".join(CREDENTIALS),
        "subscription_id": "these four: to deploy, and to see quota and roles",
    }
    questions = [Question("name", name, "how you call it")]
    questions += [Question(label, start.get(setting, ""), hints.get(setting, "")) for setting, label in _ASKED.items()]
    return FormScreen(
        "Profile", (("what", "Stored without secrets; k keeps a key, i signs in."),), questions, "write it"
    )
