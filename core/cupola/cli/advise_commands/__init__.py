"""The verbs of `cupola advise`."""
