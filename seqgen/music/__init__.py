"""Tunes in ABC notation: what of them is learned, and how they are written for others."""
