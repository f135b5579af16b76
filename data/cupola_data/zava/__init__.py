"""Samples around Zava, an invented do-it-yourself store."""
