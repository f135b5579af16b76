"""Preference pairs from the answers of a run: a form, the files, and the form of the job."""
