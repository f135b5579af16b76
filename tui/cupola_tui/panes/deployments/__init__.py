"""The Deployments pane."""
