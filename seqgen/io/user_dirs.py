"""The user's folders, as platformdirs names them."""

from pathlib import Path


def cache_folder() -> Path | None:
    """Return the folder for caches, ``~/.cache/seqgen`` on Linux; None without a home."""
    import platformdirs

    try:
        folder = platformdirs.user_cache_path("seqgen", appauthor=False)
    except RuntimeError:
        return None
    # Some versions of platformdirs return "~/.cache" where there is no home to put in its place.
    return folder if folder.is_absolute() else None
