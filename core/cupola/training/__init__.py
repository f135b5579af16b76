"""What a training run's records say: where it stands, how its curves read, when it ends, why it failed."""
