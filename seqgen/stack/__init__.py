"""The network: Keras layers, and the cells that they are made of."""
