"""The Responses API: its items read as chat messages, its answers rendered as items, whole or in events."""
