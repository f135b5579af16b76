"""The Activity pane, and the screen of a workflow in it."""
