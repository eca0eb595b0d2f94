"""Accidental signs of ABC notation."""

ALTERS = {"__": -2, "_": -1, "=": 0, "^": 1, "^^": 2}
"""Semitones above the natural, by sign."""

SIGNS = {alter: sign for sign, alter in ALTERS.items()}
"""Signs by semitones above the natural."""
