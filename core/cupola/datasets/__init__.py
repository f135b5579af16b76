"""Datasets: one module a format, and all that is done with files of rows before they are sent anywhere."""
