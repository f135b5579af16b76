"""The bare Textual app that start and memory are compared with: one Static."""

from __future__ import annotations

import sys

BARE = (
    sys.executable,
    "-c",
    "from textual.app import App\n"
    "from textual.widgets import Static\n"
    "class Bare(App):\n"
    "    def compose(self):\n"
    "        yield Static('bare')\n"
    "Bare().run()\n",
)
