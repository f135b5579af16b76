"""The verbs of `cupola distill`."""
