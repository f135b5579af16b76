"""The verbs of `cupola dataset` that ask the service; those that only read and write files are with the noun."""
