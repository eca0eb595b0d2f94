"""Tunes in ABC notation: parsing, normal form, grammar and rendering."""
