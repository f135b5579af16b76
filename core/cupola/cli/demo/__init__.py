"""The demo: a local emulator, two jobs and a worker, set up as a person would set them up against Azure."""
