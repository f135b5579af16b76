"""The verbs of `cupola pairs`."""
