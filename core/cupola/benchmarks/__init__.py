"""Models held against the same items: definitions, the runner, and what its answers carry."""
