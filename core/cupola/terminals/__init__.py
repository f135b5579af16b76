"""What terminals understand beyond text, as pure functions: notices, titles, progress, and the way through tmux."""
