"""What the nouns whose verbs start workflows have in common: distill, raft, checkpoint."""
