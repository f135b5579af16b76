"""One module a pane. A pane asks the facts and hands records to its widgets; wishes go up as messages."""
