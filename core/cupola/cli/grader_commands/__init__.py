"""Verbs of the grader noun that are long enough for a module."""
