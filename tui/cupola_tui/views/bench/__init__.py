"""What the Benchmarks pane shows, as pure functions from records to lines and cells."""
