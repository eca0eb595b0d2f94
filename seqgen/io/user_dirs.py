"""The user's folders that seqgen writes to: its state and its cache, as platformdirs names them."""

from pathlib import Path


def state_folder() -> Path | None:
    """The folder for state, ``~/.local/state/seqgen`` on Linux; None for a user without a home."""
    return _user_folder("user_state_path")


def cache_folder() -> Path | None:
    """The folder for the cache, ``~/.cache/seqgen`` on Linux; None for a user without a home."""
    return _user_folder("user_cache_path")


def _user_folder(kind: str) -> Path | None:
    import platformdirs

    try:
        folder: Path = getattr(platformdirs, kind)("seqgen", appauthor=False)
    except RuntimeError:
        return None
    # Some versions of platformdirs return "~/.cache" where there is no home to put in its place.
    return folder if folder.is_absolute() else None
