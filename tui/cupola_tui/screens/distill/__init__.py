"""The form that starts a distillation."""
