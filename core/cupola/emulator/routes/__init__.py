"""The service's routes, one module for each family; each offers the list that its surfaces mount."""
