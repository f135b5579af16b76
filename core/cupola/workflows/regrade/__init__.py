"""Stored answers shown to a grader that asks models: by the worker, journalled, within a limit."""
