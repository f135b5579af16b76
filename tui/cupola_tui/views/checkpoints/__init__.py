"""What the Checkpoints pane shows, as lines and cells."""
