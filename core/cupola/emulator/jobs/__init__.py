"""Fine-tuning jobs in the service's own words: the request read, the job rendered, its data checked."""
