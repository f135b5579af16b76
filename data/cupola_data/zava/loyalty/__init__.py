"""Zava's loyalty discounts: a case for reinforcement, with rules that interact, graders and a ready job."""
