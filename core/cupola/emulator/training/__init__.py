"""Training: the server's side moves jobs through their stages, the child's side takes the steps."""
