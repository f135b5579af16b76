"""What `cupola deploy` does."""
