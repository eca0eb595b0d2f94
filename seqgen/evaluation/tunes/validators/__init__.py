"""Validators of tunes, independent of the grammar that generated them.

Each takes a tune, some also its ABC, and returns what is wrong with it, or None. They compute
durations and joined ties themselves instead of using the code of `seqgen.music.grammar`, whose
errors they are meant to find.
"""
