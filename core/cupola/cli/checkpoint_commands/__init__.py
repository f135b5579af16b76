"""Verbs of the checkpoint noun that are long enough for a module."""
