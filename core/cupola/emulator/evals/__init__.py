"""Evaluations: what is asked checked, rows answered and graded in the background, results shown."""
