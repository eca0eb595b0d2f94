"""What a trained network does with a text: gradients over time, activations of units, and gates."""
