"""Tunes as ABC, score, MIDI, sound, terminal view and HTML page."""
