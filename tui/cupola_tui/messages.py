"""What a person wants, in domain words, on its way up to the app."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.message import Message

from cupola.store.database import Database

from .views.actions import Action

if TYPE_CHECKING:
    from .screens.submit.draft import Wanted


class Wish(Message):
    """Something that changes the cloud was asked for and confirmed."""

    def __init__(self, action: Action) -> None:
        super().__init__()
        self.action = action


class Ask(Message):
    """Something that changes the cloud was chosen; the card is still to be shown."""

    def __init__(self, action: Action) -> None:
        super().__init__()
        self.action = action


class Keep(Message):
    """Something that a person decided is to be kept in the store; the service is not concerned."""

    def __init__(self, write: Callable[[Database], object], said: str = "", *, aside: bool = False) -> None:
        super().__init__()
        self.write, self.said = write, said
        self.aside = aside
        """Nobody asked for it: it only makes the next look quicker."""


class Train(Message):
    """A job is to be submitted; the form is still to be shown."""

    def __init__(self, wanted: Wanted) -> None:
        super().__init__()
        self.wanted = wanted


class Read(Message):
    """A longer text is to be shown over the pane."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self.title, self.text = title, text


class Show(Message):
    """Something is to be seen in the pane that shows it."""

    def __init__(self, pane: str, key: str = "") -> None:
        super().__init__()
        self.pane, self.key = pane, key


class Copy(Message):
    """A text is to go to the clipboard."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__()
        self.text, self.what = text, what


class Say(Message):
    """A short word to the person: why a key did nothing, or what it did."""

    def __init__(self, text: str, *, warning: bool = False) -> None:
        super().__init__()
        self.text, self.warning = text, warning
