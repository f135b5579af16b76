"""Deployments: what may be deployed under which SKU, quota, and how long each lives."""
