"""What the emulator remembers: SQLite for records, plain files named by id for contents."""
