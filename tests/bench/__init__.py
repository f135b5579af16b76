"""Measurements against the floors; run as `python -m tests.bench`, or with the names of some."""
