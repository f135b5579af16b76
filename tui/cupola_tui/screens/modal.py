"""A screen over the others that closes once, however many keys wait in its queue."""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

Answer = TypeVar("Answer")


class Modal(ModalScreen[Answer]):
    """What opens over the frame and answers once."""

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Close with an answer; nothing where it is closed already.

        Textual takes away whatever screen is on top then: enter and escape typed ahead over a slow line would close two
        screens, or the last one, which ends the app.
        """
        return super().dismiss(result) if self.is_active else AwaitComplete()
