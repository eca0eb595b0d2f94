"""Evaluation: how likely a model finds text, and what its samples are like.

`text` evaluates models of text, `tunes` models of tunes. Both return plain values; `seqgen.reports`
and the command line show them.
"""
