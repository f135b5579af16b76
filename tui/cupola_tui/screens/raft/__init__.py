"""From documents to a model that answers among retrieved passages: form, estimate, one yes."""
