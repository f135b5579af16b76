"""Retrieval-augmented fine-tuning: documents, quoted answers, a tuned model, and a curve over distractors."""
