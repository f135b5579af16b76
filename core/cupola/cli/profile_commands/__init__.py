"""The verbs of the noun `profile`."""
