"""Nouns and verbs: `cupola job list -o json`. Data goes to stdout, talk to stderr; no screen is ever imported."""

from .main import main

__all__ = ["main"]
