"""The normal form in which tunes are learned."""
