"""Other ways to have a benchmark run: the service's Evals, and Global Batch. They leave the same records."""
