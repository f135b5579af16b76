"""Zava's order notes: facts taken out of hurried writing into structured output, with graders and a ready job."""
