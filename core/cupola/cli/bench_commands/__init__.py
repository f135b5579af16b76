"""The verbs of `cupola bench`."""
