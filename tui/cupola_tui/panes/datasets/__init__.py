"""The Datasets pane: files on disk and at the service, and one of them in detail."""
