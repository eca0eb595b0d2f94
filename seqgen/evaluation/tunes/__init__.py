"""Evaluation of models of tunes."""
