"""Work on files in a process of its own, so that keys stay quick however large a dataset is."""
