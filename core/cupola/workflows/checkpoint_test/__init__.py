"""Checkpoints of a job deployed with a fuse and held against the base model on held-out items."""
