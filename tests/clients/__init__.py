"""Public clients of the same API against the emulator, each in an environment of its own; `make clients` runs them."""
