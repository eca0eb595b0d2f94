"""Train several networks one after the other under the same budget and compare the results."""
