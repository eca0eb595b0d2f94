"""By which a graph that this user's seqgen built is known from one that a stranger put there.

ONNX Runtime runs whatever a graph says, so a graph is run only if seqgen built it from the weights
beside it. To build it again at every start would take as long as all the rest of a start, so what
was built is sealed with a secret that only this user's programs can read (HMAC, RFC 2104).
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from seqgen.io.user_dirs import state_folder

BYTES = 32


def secret_file() -> Path | None:
    """The file of the user's secret; None for a user without a home."""
    folder = state_folder()
    return folder / "seal" if folder else None


@cache
def secret() -> bytes | None:
    """The user's secret, drawn when it is first asked for; None where none can be kept."""
    file = secret_file()
    if file is None:
        return None
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            beside = file.with_name(f".seal.{secrets.token_hex(4)}")
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
                new.write(secrets.token_bytes(BYTES))
            os.replace(beside, file)  # of two that begin at once, the later one's holds
        found = file.read_bytes()
    except OSError:
        return None
    return found if len(found) == BYTES else None


def sign(facts: Mapping[str, Any]) -> str | None:
    """The seal of a graph of which this is known; None where the user can keep no secret."""
    key = secret()
    words = json.dumps(facts, sort_keys=True).encode()
    return hmac.new(key, words, hashlib.sha256).hexdigest() if key else None


def verify(facts: Mapping[str, Any], by: object) -> bool:
    """Whether that is this user's seal of a graph of which this is known."""
    own = sign(facts)
    if own is None or not isinstance(by, str):
        return False
    # As bytes: of texts it takes ASCII only.
    return hmac.compare_digest(own.encode(), by.encode("utf-8", "surrogatepass"))
