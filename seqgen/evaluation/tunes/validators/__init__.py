"""Validators of tunes: bars, music21 and abc2midi."""
