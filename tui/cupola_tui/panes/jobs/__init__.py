"""The Jobs pane: the list, and one job or several in detail."""
