"""Networks trained one after the other under the same budget, and set side by side."""
