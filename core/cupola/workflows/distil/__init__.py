"""Distillation: a large model teaches a small one, and the result is measured against both."""
