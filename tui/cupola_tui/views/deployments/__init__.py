"""What the Deployments pane says, as cells and lines."""
