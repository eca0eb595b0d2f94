"""Evaluation of models of tunes: musical statistics, copying, validity and bits per note."""
