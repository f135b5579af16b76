"""The frame, and what opens over a pane."""
