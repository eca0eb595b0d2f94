"""Learning: the plan, the windows, the loop and its events, and resuming."""
