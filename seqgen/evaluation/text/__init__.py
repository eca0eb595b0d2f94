"""Evaluation of models of text: likelihood, baselines, samples, surprisal, end calibration."""
