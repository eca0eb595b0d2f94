"""Train recurrent networks on any text or book of tunes, and generate text and music with them."""

__version__ = "0.1.0"
