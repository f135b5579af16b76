"""Cupola's engine: everything that a notebook could use, with no terminal behind it."""

__version__ = "0.1.0"
