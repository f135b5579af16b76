"""Which technique fits: a decision tree as data, fed by what is measured, and honest where facts are missing."""
