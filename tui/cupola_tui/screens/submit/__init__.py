"""Submitting a job from the screen: form, estimate, one yes."""
