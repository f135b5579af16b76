"""The process that answers prompts, and the server's way to it."""
