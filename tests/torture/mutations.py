"""Damaged checkpoints must work or be refused with an error message."""

import contextlib
import json
import os
import random
import resource
import shutil
import signal
import stat
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from seqgen.checkpoint import layout
from seqgen.checkpoint.read import open_checkpoint
from seqgen.errors import SeqgenError
from seqgen.generation import load
from seqgen.io.arrays import write_arrays
from seqgen.training import train_state

MAX_SECONDS = 5.0
# Additional memory; the networks are small.
MAX_BYTES = 400_000_000

Change = Callable[[Path, random.Random], str]
JSON_FILES = (layout.CONFIG, layout.TOKENIZER, layout.EXPORT, layout.EVALUATION)

HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 255, 2**31, 2**63, 2**64, -(2**70), 10**400, 0.5, -0.0, 1e308,
    1e-308, "", "x", "lstm", "../../etc/passwd", "/etc/passwd", "\x00", "\ud800", "a" * 100_000,
    [], {}, [[]], [0] * 1000, ["a", 1, None], {"a": {"b": {}}}, [-1], [2**40, 2**40], ["char"],
)  # fmt: skip


def flip(file: Path, rng: random.Random) -> str:
    content = bytearray(file.read_bytes())
    for _ in range(rng.choice((1, 1, 2, 10, 100))):
        if content:
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    file.write_bytes(content)
    return "bits flipped"


def overwrite(file: Path, rng: random.Random) -> str:
    content = bytearray(file.read_bytes())
    begin = rng.randrange(len(content) + 1)
    content[begin : begin + 64] = rng.randbytes(rng.randrange(64))
    file.write_bytes(content)
    return "bytes written over"


def truncate(file: Path, rng: random.Random) -> str:
    content = file.read_bytes()
    file.write_bytes(content[: rng.randrange(len(content) + 1)])
    return "truncated"


def lengthen(file: Path, rng: random.Random) -> str:
    with file.open("ab") as open_file:
        open_file.write(rng.randbytes(rng.randrange(1, 1000)))
    return "lengthened"


def stretch(file: Path, rng: random.Random) -> str:
    with file.open("r+b") as open_file:
        open_file.truncate(rng.choice((10**9, 10**12)))
    return "stretched"


def remove(file: Path, rng: random.Random) -> str:
    file.unlink()
    return "removed"


def swap(file: Path, rng: random.Random) -> str:
    other = rng.choice([other for other in plain(file.parent) if other != file] or [file])
    one, two = file.read_bytes(), other.read_bytes()
    file.write_bytes(two)
    other.write_bytes(one)
    return "swapped"


def replace(file: Path, rng: random.Random) -> str:
    """Replace a file with something that is not a file."""
    file.unlink()
    what = rng.choice(("link", "link to itself", "dangling link", "folder", "pipe", "device"))
    if what == "folder":
        file.mkdir()
    elif what == "pipe":
        os.mkfifo(file)
    else:
        to: dict[str, str | Path] = {
            "link": "/proc/version",
            "link to itself": file,
            "device": "/dev/zero",
        }
        file.symlink_to(to.get(what, "/nowhere"))
    return f"a {what} in its place"


def edit(file: Path, rng: random.Random) -> str:
    """Change, add or remove a value or name in a JSON file."""
    data = json.loads(file.read_text("utf-8"))
    positions = list(positions_in(data))
    container, key = rng.choice(positions)
    value = rng.choice(HOSTILE)
    operation = rng.choice(("value", "value", "value", "remove", "add", "bend"))
    if operation == "remove":
        del container[key]
    elif operation == "add" and isinstance(container, dict):
        container[str(value)[:50]] = value
    elif operation == "bend" and isinstance(container[key], (int, float)):
        container[key] = container[key] * rng.choice((-1, 2, 10, 1000)) + rng.choice((0, 1))
    else:
        container[key] = value
    file.write_text(json.dumps(data), "utf-8", "surrogatepass")
    return "JSON changed"


def positions_in(data: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container and key in a value."""
    keys = list(data) if isinstance(data, dict) else range(len(data))
    for key in keys:
        yield data, key
        if isinstance(data[key], (dict, list)):
            yield from positions_in(data[key])


def nest(file: Path, rng: random.Random) -> str:
    depth = rng.choice((100, 2000, 200_000))
    file.write_text(rng.choice(("[" * depth, "[" * depth + "]" * depth, '{"a":' * depth)))
    return "nested deeply"


def rewrite_header(file: Path, rng: random.Random) -> str:
    """Change the header of a safetensors file: its length, or an entry of an array."""
    content = file.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    if rng.random() < 0.3:
        length = rng.choice((0, 1, 7, 2**31, 2**40, 2**63, 2**64 - 1, length - 1, length + 1))
        file.write_bytes(struct.pack("<Q", length) + content[8:])
        return "another length of its header"
    header = json.loads(content[8 : 8 + length])
    entry = header[rng.choice(sorted(header))]
    if rng.random() < 0.5:
        container, key = rng.choice(list(positions_in(entry)))
        container[key] = rng.choice(HOSTILE)
    elif "shape" in entry:
        name = rng.choice(("dtype", "shape", "data_offsets"))
        entry[name] = {
            "dtype": rng.choice(("F64", "I64", "BF16", "F16", "BOOL", "U8", "F8_E4M3")),
            "shape": [2 ** rng.randrange(40), 2 ** rng.randrange(20)],
            "data_offsets": [0, 2 ** rng.randrange(60)],
        }[name]
    encoded = json.dumps(header).encode("utf-8", "surrogatepass")
    file.write_bytes(struct.pack("<Q", len(encoded)) + encoded + content[8 + length :])
    return "another header"


def plain(path: Path) -> list[Path]:
    """Files in a folder that can be changed again: no links and no huge files."""
    return sorted(
        file
        for file in path.rglob("*")
        if stat.S_ISREG((status := file.lstat()).st_mode) and status.st_size < 10**7
    )


ANY: tuple[Change, ...] = (flip, overwrite, truncate, lengthen, stretch, remove, swap, replace)


def mutate_once(path: Path, rng: random.Random) -> str:
    """Change a checkpoint once and describe the change."""
    file = rng.choice(plain(path))
    changes: tuple[Change, ...] = ANY
    if file.name in JSON_FILES:
        changes = (*ANY, *[edit] * 12, nest)
    elif file.suffix == ".safetensors":
        changes = (*ANY, *[rewrite_header] * 8)
    return f"{file.relative_to(path)}: {rng.choice(changes)(file, rng)}"


def mutate_checkpoint(path: Path, rng: random.Random) -> str:
    """Change a checkpoint one to three times and describe the changes."""
    done = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        with contextlib.suppress(Exception):  # fails after some earlier changes
            done.append(mutate_once(path, rng))
    if rng.random() < 0.3:
        done.append(fix_checksums(path))
    return "; ".join(done)


def fix_checksums(path: Path) -> str:
    """Update the checksums of a changed checkpoint, as far as possible."""
    import hashlib

    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    if not {path / layout.CONFIG, path / layout.TOKENIZER, path / layout.WEIGHTS} <= {*plain(path)}:
        return "with checksums that do not fit"
    with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
        config = json.loads((path / layout.CONFIG).read_text("utf-8"))
        content = (path / layout.TOKENIZER).read_bytes()
        config["tokenizers"]["target"]["sha256"] = hashlib.sha256(content).hexdigest()
        (path / layout.CONFIG).write_text(json.dumps(config), "utf-8", "surrogatepass")
    with contextlib.suppress(ValueError, TypeError, SafetensorError, SeqgenError):
        arrays = load_file(path / layout.WEIGHTS)
        write_arrays(path / layout.WEIGHTS, arrays, {"format": str(layout.FORMAT)})
    return "with checksums that fit"


def use(path: Path) -> str:
    """Sample from a checkpoint and read its state; return "used" or "refused"."""
    outcome = "refused"
    with contextlib.suppress(SeqgenError):
        checkpoint = open_checkpoint(path)
        length = 4 if checkpoint.config.task == "text" else 200
        "".join(load(path).generate(length=length, seed=1))
        outcome = "used"
        checkpoint.metrics()
        if (path / layout.RESUME).exists():
            train_state.read(path, checkpoint.config)
    return outcome


class Hang(BaseException):
    """A timeout; a BaseException, so that no code catches it."""


@contextmanager
def time_limit() -> Iterator[None]:
    """Raise Hang if the body takes too long."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Hang(f"it took more than {MAX_SECONDS:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, MAX_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def contents(folder: Path) -> dict[str, Any]:
    """Size, time and mode of all files in a folder."""
    return {
        str(file.relative_to(folder)): (status.st_size, status.st_mtime_ns, status.st_mode)
        for file in sorted(folder.rglob("*"))
        if (status := file.lstat())
    }


def mutate(
    bases: list[Path], folder: Path, seeds: range, on_mutation: Callable[[], None] = lambda: None
) -> tuple[Counter[str], list[str]]:
    """Mutate a copy of one of the checkpoints for each seed, and use it.

    Returns counts of outcomes, and all faults: crashes, hangs, excessive memory, written files.
    """
    outcomes: Counter[str] = Counter()
    faults = []
    for seed in seeds:
        rng = random.Random(seed)
        path = folder / f"mutated-{seed}"
        base = rng.choice(bases)
        shutil.copytree(base, path)
        description = f"seed {seed}, {base.name}: {mutate_checkpoint(path, rng)}"
        before, memory = contents(folder), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.monotonic()
        try:
            with time_limit():
                outcome = use(path)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            outcome = "fault"
            faults.append(f"{description}: {type(error).__name__}: {str(error)[:300]}")
        memory_bytes = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory)
        if memory_bytes > MAX_BYTES:
            faults.append(f"{description}: took {memory_bytes:,} bytes")
        if time.monotonic() - start > MAX_SECONDS:
            faults.append(f"{description}: took {time.monotonic() - start:.1f} s")
        changed = {name for name, _ in contents(folder).items() ^ before.items()}
        if changed:
            faults.append(f"{description}: {outcome}, and it wrote {', '.join(sorted(changed))}")
        outcomes[outcome] += 1
        shutil.rmtree(path)
        on_mutation()
    return outcomes, faults
