"""Samples, tables and weights that ship with Cupola, read through importlib.resources."""
