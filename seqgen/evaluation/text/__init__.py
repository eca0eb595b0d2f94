"""Evaluation of models of text."""
