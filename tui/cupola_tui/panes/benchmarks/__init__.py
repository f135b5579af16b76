"""The Benchmarks pane: the leaderboard, the map of items, one item with all its answers."""
