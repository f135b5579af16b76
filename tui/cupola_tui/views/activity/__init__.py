"""View-models of the Activity pane."""
