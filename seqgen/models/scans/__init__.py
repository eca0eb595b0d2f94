"""Ways to run a cell over time, each with its backward pass; they import TensorFlow."""
