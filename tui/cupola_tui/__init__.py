"""Cupola's Textual face: it reads the store and writes intents, nothing else."""
