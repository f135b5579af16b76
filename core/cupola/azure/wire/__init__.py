"""JSON of the service to records and back; the only place that knows the service's field names.

Two dialects are read alike: the Azure-native one (nulls left out, -1 for auto) and the OpenAI-native one (nulls
present, "auto", `error: {}`). Unknown fields and states pass through, in `raw` and in `Job.status`.
"""
