"""Downloads: whole and checked, or not at all; kept in the user's cache."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seqgen.data.corpora.registry import Entry
from seqgen.errors import ConfigError, CorpusError
from seqgen.io.user_dirs import cache_folder

FOLDER_VARIABLE = "SEQGEN_CORPORA"
LARGEST = 64 * 2**20  # bytes; Project Gutenberg's longest texts have about 10 MB
BLOCK = 65_536  # bytes between two reports of progress
PATIENCE = 20.0  # seconds without a byte

# Told of a download: the corpus's name, bytes so far, bytes in all (None: not known).
Progress = Callable[[str, int, int | None], None]


def own_folder() -> Path | None:
    """The folder that SEQGEN_CORPORA names, looked in before any download; None if it is not set.

    Raises ConfigError if it names no folder.
    """
    said = os.environ.get(FOLDER_VARIABLE)
    if not said:
        return None
    folder = Path(said).expanduser()
    if not folder.is_dir():
        raise ConfigError(f"{FOLDER_VARIABLE} names {said}, which is no folder; mend or unset it")
    return folder


def download_folder() -> Path | None:
    """The folder in the user's cache for downloads; None for a user without a home."""
    folder = cache_folder()
    return folder / "corpora" if folder else None


def local_copy(entry: Entry) -> Path | None:
    """Where a download already is, own folder first; None if nowhere. Checks no checksum."""
    folders = [own_folder(), download_folder()]
    copies = [folder / entry.saved_as for folder in folders if folder is not None]
    return next((copy for copy in copies if copy.is_file()), None)


def fetch(entry: Entry, progress: Progress | None = None) -> Path:
    """The file of a corpus that is downloaded, fetched first if it is not there yet.

    A copy in the user's own folder (SEQGEN_CORPORA) or in the cache must have the right checksum.
    Raises CorpusError, saying what to download and where to put it, if the file cannot be had.
    """
    copy = local_copy(entry)
    if copy is not None and copy.parent == own_folder():
        check_own(copy, entry)
        return copy
    folder = download_folder()
    if folder is None:
        raise CorpusError(
            f"{entry.name}: there is no folder for downloads, since this user has no home; "
            f"set HOME, or save {entry.url} as {entry.saved_as} in a folder that "
            f"{FOLDER_VARIABLE} names"
        )
    return download(entry, folder, progress)


def check_own(copy: Path, entry: Entry) -> None:
    """Raises CorpusError if the user's own copy is not the file that the registry means."""
    try:
        found = hashlib.sha256(copy.read_bytes()).hexdigest()
    except OSError as error:
        raise CorpusError(f"{copy}: cannot be read: {error.strerror}") from None
    if entry.sha256 and found != entry.sha256:
        raise CorpusError(
            f"{copy}: is not the {entry.name} that seqgen knows (SHA-256 {found}, not "
            f"{entry.sha256}); put the file from {entry.url} there, or name this one by its path"
        )


def download(entry: Entry, folder: Path, progress: Progress | None = None) -> Path:
    """The file in this folder, downloaded unless it is there with the right checksum.

    Raises CorpusError as `fetch` does; nothing half-written stays behind.
    """
    import pooch
    from requests.exceptions import RequestException

    pooch.get_logger().setLevel("ERROR")  # it would write to standard error
    # Any: pooch's annotation of a downloader is another function's.
    downloader: Any = lambda url, file, _: transfer(url, file, entry, progress)  # noqa: E731
    checksum = f"sha256:{entry.sha256}" if entry.sha256 else None
    try:
        path = pooch.retrieve(
            entry.url,
            known_hash=checksum,
            fname=entry.saved_as,
            path=folder,
            downloader=downloader,
        )
    except RequestException as error:
        raise CorpusError(by_hand(entry, folder, reason(error))) from None
    except ValueError:  # pooch's word for a wrong checksum
        what = "what came has not the expected SHA-256, so nothing was kept"
        raise CorpusError(by_hand(entry, folder, what)) from None
    except OSError as error:
        what = f"{folder} cannot be written ({error.strerror or error})"
        raise CorpusError(by_hand(entry, folder, what)) from None
    return Path(path)


def transfer(url: str, file: str, entry: Entry, progress: Progress | None) -> None:
    """Write what the address sends into a file, which pooch then checks and moves into place.

    pooch's own transfer has no bound on the size, and counts in whole blocks.
    Raises requests' exceptions if it fails, OSError if the file cannot be written.
    """
    import requests

    # Unpacked on the way, a text would be longer than the length that the server tells.
    headers = {"Accept-Encoding": "identity", "User-Agent": "seqgen"}
    with requests.get(url, headers=headers, stream=True, timeout=PATIENCE) as response:
        response.raise_for_status()
        if url.startswith("https:") and not response.url.startswith("https:"):
            raise requests.RequestException("the server leads away from https")
        told = response.headers.get("Content-Length", "")
        total = int(told) if told.isdigit() else entry.size or None
        done = 0
        with open(file, "wb") as output:
            for block in response.iter_content(BLOCK):
                done += len(block)
                if max(done, total or 0) > LARGEST:
                    raise requests.RequestException(f"it has more than {LARGEST >> 20} MB")
                output.write(block)
                if progress:
                    progress(entry.name, done, total)


def reason(error: Exception) -> str:
    """Why a transfer failed, in a few words; requests' own are long and about its insides."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} ({error.response.reason})"
    if isinstance(error, requests.Timeout):
        return f"no answer in {PATIENCE:.0f} s"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the transfer broke off"
    if isinstance(error, requests.ConnectionError):
        return "the connection failed or broke off"
    return str(error)


def by_hand(entry: Entry, folder: Path, why: str) -> str:
    return (
        f"{entry.name}: cannot download {entry.url}: {why}. "
        f"To put it there by hand, save that address as {folder / entry.saved_as}, "
        f"or as {entry.saved_as} in a folder that {FOLDER_VARIABLE} names"
    )
