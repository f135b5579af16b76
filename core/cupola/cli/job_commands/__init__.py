"""The verbs of `cupola job`: reading the store, steering a job, submitting one."""
