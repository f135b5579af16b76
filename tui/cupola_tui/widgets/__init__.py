"""Widgets that draw records: they hold no query, no network and no thread."""
