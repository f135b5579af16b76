"""Chat completions in the service's own words: the request read, the answer rendered."""
