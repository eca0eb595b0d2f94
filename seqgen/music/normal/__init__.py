"""The normal form of tunes, on which models are trained."""
