"""The process behind the faces: it looks at the service, writes what it learns into the store and obeys intents.

One runs for each profile. It needs no terminal, and may be killed at any moment: each step is stored before the
next, and the next worker goes on from the store.
"""
