"""The Checkpoints pane."""
