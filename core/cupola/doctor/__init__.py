"""What stands between a person and their resource: facts, each with its cause and remedy."""
