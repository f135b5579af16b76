"""Workflows: rows, a table of steps for each kind, and a loop that survives being killed anywhere."""
