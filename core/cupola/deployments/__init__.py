"""What is known of deployments beyond their records: tiers, prices, quota, what may be deployed, what is orphaned."""
