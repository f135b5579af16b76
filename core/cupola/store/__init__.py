"""The local store: the only meeting point of worker and faces. One SQLite file a profile.

The worker writes what it learns; faces read it and write nothing but intents. Each family of records has a module
of plain functions that take a `Database`.
"""
