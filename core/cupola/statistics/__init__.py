"""What graded answers can and cannot say: estimates, tests and verdicts, and nothing else."""
