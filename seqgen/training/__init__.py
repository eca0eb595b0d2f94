"""Training: resolving options, the training loop and its events, saving and resuming."""
