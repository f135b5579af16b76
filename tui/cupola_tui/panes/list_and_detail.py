"""A list beside one of its things in detail, either of which can have the whole pane."""

from __future__ import annotations

from .pane import Pane

_LIST, _DETAIL = "-zoom-list", "-zoom-detail"


class ListAndDetail(Pane):
    """Holds `#list` and `#detail`."""

    def action_zoom(self) -> None:
        """The focused part on the whole pane, and back."""
        if not self.unzoom():
            self.add_class(_DETAIL if self.query_one("#detail").has_focus_within else _LIST)

    def unzoom(self) -> bool:
        """Show both again; False if both are shown."""
        zoomed = self.has_class(_LIST) or self.has_class(_DETAIL)
        self.remove_class(_LIST, _DETAIL)
        return zoomed
