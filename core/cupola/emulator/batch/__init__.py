"""Batches: a file of requests, checked whole, answered at leisure, written into files of answers and errors."""
