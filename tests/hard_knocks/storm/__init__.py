"""Every workflow at once, killed at random: run as `python -m tests.hard_knocks.storm`."""
