"""Asking where a service file is to go, before the card that says what its download means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual.widget import Widget

from cupola.models import ServiceFile
from cupola.settings import Profile

from ...messages import Ask, Say
from ...views.actions import Action
from ...views.dataset_actions import FETCH, download_action


class Fetching:
    """Turns the choice of a service file into a wish with a folder."""

    def __init__(self, owner: Widget, profile: Profile, clock: Callable[[], float]) -> None:
        self._owner, self._profile, self._clock = owner, profile, clock
        self._folder = Path.cwd()
        """Where the last one went."""

    def perform(self, action: Action, remote: list[ServiceFile]) -> bool:
        """Ask for a folder, then show the card; False when the action is another one."""
        if not action.kind.startswith(FETCH):
            return False
        entry = next((file for file in remote if file.id == action.target), None)
        if entry is not None:
            self._ask(entry)
        return True

    def _ask(self, entry: ServiceFile) -> None:
        from ...screens.path_prompt import PathScreen

        def answer(path: str | None) -> None:
            if path is None:
                return
            folder = Path(path)
            if not folder.is_dir():
                self._owner.post_message(Say(f"{path} is a file; name a folder.", warning=True))
                return
            self._folder = folder
            self._owner.post_message(Ask(download_action(entry, folder, self._profile, self._clock())))

        screen = PathScreen(f"Folder for {entry.filename or entry.id}", self._folder, ())
        self._owner.app.push_screen(screen, answer)
