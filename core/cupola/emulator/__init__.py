"""A local service that speaks Azure OpenAI's REST API and whose fine-tuning is real learning by tiny models.

It is a service, not a mock: Cupola reaches it over HTTP only, and it knows nothing of Cupola's store,
records or client.
"""
