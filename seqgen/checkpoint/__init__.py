"""A trained network as a folder that needs nothing else and runs no code when it is opened."""
