"""View-models of workflows: pure functions from their records to lines and cells."""
