"""The verbs of `cupola raft`."""
