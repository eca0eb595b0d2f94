"""What a trained network does with a text: its gradients, its neurons and its gates."""
