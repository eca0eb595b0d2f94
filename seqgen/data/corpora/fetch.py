"""Downloads of corpora into the user's cache, verified by checksum."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seqgen.data.corpora.registry import Entry
from seqgen.errors import ConfigError, CorpusError
from seqgen.io.user_dirs import cache_folder

FOLDER_VARIABLE = "SEQGEN_CORPORA"
MAX_BYTES = 64 * 2**20  # bytes; Project Gutenberg's longest texts have about 10 MB
BLOCK = 65_536  # bytes between two reports of progress
TIMEOUT = 20.0  # seconds without a byte

# Called with the name of the corpus, bytes so far, and bytes in total (None if unknown).
Progress = Callable[[str, int, int | None], None]


def user_folder() -> Path | None:
    """Return the folder that SEQGEN_CORPORA names, or None. It takes precedence over downloads.

    Raises:
        ConfigError: If it is not a folder.
    """
    value = os.environ.get(FOLDER_VARIABLE)
    if not value:
        return None
    folder = Path(value).expanduser()
    if not folder.is_dir():
        raise ConfigError(f"{FOLDER_VARIABLE}: {value} is not a folder; correct or unset it")
    return folder


def download_folder() -> Path | None:
    """Return the folder for downloads in the user's cache; None for a user without a home."""
    folder = cache_folder()
    return folder / "corpora" if folder else None


def local_copy(entry: Entry) -> Path | None:
    """Return the path of an existing download, unverified; the user's folder goes first."""
    folders = [user_folder(), download_folder()]
    copies = [folder / entry.saved_as for folder in folders if folder is not None]
    return next((copy for copy in copies if copy.is_file()), None)


def fetch(entry: Entry, progress: Progress | None = None) -> Path:
    """Return the verified file of a corpus, downloading it if necessary.

    Args:
        entry: A corpus with a URL.
        progress: Called during a download.

    Raises:
        CorpusError: If the file cannot be obtained, or a copy in the user's folder has another
            checksum; the message says what to download and where to put it.
    """
    copy = local_copy(entry)
    if copy is not None and copy.parent == user_folder():
        verify_user_copy(copy, entry)
        return copy
    folder = download_folder()
    if folder is None:
        raise CorpusError(
            f"{entry.name}: no folder for downloads, since this user has no home; "
            f"set HOME, or save {entry.url} as {entry.saved_as} in a folder that "
            f"{FOLDER_VARIABLE} names"
        )
    return download(entry, folder, progress)


def verify_user_copy(copy: Path, entry: Entry) -> None:
    """Raise CorpusError if the copy in the user's folder has another checksum."""
    try:
        checksum = hashlib.sha256(copy.read_bytes()).hexdigest()
    except OSError as error:
        raise CorpusError(f"{copy}: cannot be read: {error.strerror}") from None
    if entry.sha256 and checksum != entry.sha256:
        raise CorpusError(
            f"{copy}: differs from {entry.name} in the registry (SHA-256 {checksum}, not "
            f"{entry.sha256}); replace it by {entry.url}, or name it by its path"
        )


def download(entry: Entry, folder: Path, progress: Progress | None = None) -> Path:
    """Return the file in this folder, downloading it unless it has the right checksum.

    Raises:
        CorpusError: As `fetch`; no incomplete file is left behind.
    """
    import pooch
    from requests.exceptions import RequestException

    pooch.get_logger().setLevel("ERROR")  # it would print to standard error
    # Any: pooch annotates a downloader with the type of another function.
    downloader: Any = lambda url, file, _: _transfer(url, file, entry, progress)  # noqa: E731
    checksum = f"sha256:{entry.sha256}" if entry.sha256 else None
    try:
        path = pooch.retrieve(
            entry.url, known_hash=checksum, fname=entry.saved_as, path=folder, downloader=downloader
        )
    except RequestException as error:
        raise CorpusError(_manual_instructions(entry, folder, _failure_reason(error))) from None
    except ValueError:  # from pooch for a wrong checksum
        failure = "the download does not have the expected SHA-256 and was discarded"
        raise CorpusError(_manual_instructions(entry, folder, failure)) from None
    except OSError as error:
        failure = f"{folder} cannot be written ({error.strerror or error})"
        raise CorpusError(_manual_instructions(entry, folder, failure)) from None
    return Path(path)


def _transfer(url: str, file: str, entry: Entry, progress: Progress | None) -> None:
    """Download a URL to a file, which pooch then verifies and moves.

    pooch's own downloader does not limit the size, and reports progress in whole blocks.

    Raises:
        requests.RequestException: If the transfer fails.
        OSError: If the file cannot be written.
    """
    import requests

    # Of a compressed response, Content-Length would not be the length of the text.
    headers = {"Accept-Encoding": "identity", "User-Agent": "seqgen"}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        response.raise_for_status()
        if url.startswith("https:") and not response.url.startswith("https:"):
            raise requests.RequestException("the server redirects away from https")
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdigit() else entry.size or None
        done = 0
        with open(file, "wb") as output:
            for block in response.iter_content(BLOCK):
                done += len(block)
                if max(done, total or 0) > MAX_BYTES:
                    raise requests.RequestException(f"it is larger than {MAX_BYTES >> 20} MB")
                output.write(block)
                if progress:
                    progress(entry.name, done, total)


def _failure_reason(error: Exception) -> str:
    """Return why a transfer failed, in a few words; those of requests are long and internal."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} ({error.response.reason})"
    if isinstance(error, requests.Timeout):
        return f"no answer in {TIMEOUT:.0f} s"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the transfer broke off"
    if isinstance(error, requests.ConnectionError):
        return "the connection failed or broke off"
    return str(error)


def _manual_instructions(entry: Entry, folder: Path, failure: str) -> str:
    return (
        f"{entry.name}: cannot download {entry.url}: {failure}. "
        f"To download it yourself, save that URL as {folder / entry.saved_as}, "
        f"or as {entry.saved_as} in a folder that {FOLDER_VARIABLE} names"
    )
