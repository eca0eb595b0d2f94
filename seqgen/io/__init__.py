"""Files that arrive whole or not at all, arrays, locks, and the user's folders."""
