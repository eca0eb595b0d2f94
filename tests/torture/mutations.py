"""Checkpoints are spoiled in every way, and each must be used as it should or refused in words."""

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

MOST_SECONDS = 5.0
# Beyond what the process held before: of networks as small as these.
MOST_BYTES = 400_000_000

Change = Callable[[Path, random.Random], str]
JSON_FILES = (layout.CONFIG, layout.TOKENIZER, layout.EXPORT, layout.EVALUATION)

HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 255, 2**31, 2**63, 2**64, -(2**70), 10**400, 0.5, -0.0, 1e308,
    1e-308, "", "x", "lstm", "../../etc/passwd", "/etc/passwd", "\x00", "\ud800", "a" * 100_000,
    [], {}, [[]], [0] * 1000, ["a", 1, None], {"a": {"b": {}}}, [-1], [2**40, 2**40], ["char"],
)  # fmt: skip


def flip(file: Path, chance: random.Random) -> str:
    content = bytearray(file.read_bytes())
    for _ in range(chance.choice((1, 1, 2, 10, 100))):
        if content:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)
    return "bits flipped"


def overwrite(file: Path, chance: random.Random) -> str:
    content = bytearray(file.read_bytes())
    begin = chance.randrange(len(content) + 1)
    content[begin : begin + 64] = chance.randbytes(chance.randrange(64))
    file.write_bytes(content)
    return "bytes written over"


def truncate(file: Path, chance: random.Random) -> str:
    content = file.read_bytes()
    file.write_bytes(content[: chance.randrange(len(content) + 1)])
    return "truncated"


def lengthen(file: Path, chance: random.Random) -> str:
    with file.open("ab") as open_file:
        open_file.write(chance.randbytes(chance.randrange(1, 1000)))
    return "lengthened"


def stretch(file: Path, chance: random.Random) -> str:
    with file.open("r+b") as open_file:
        open_file.truncate(chance.choice((10**9, 10**12)))
    return "stretched"


def remove(file: Path, chance: random.Random) -> str:
    file.unlink()
    return "removed"


def swap(file: Path, chance: random.Random) -> str:
    other = chance.choice([other for other in plain(file.parent) if other != file] or [file])
    one, two = file.read_bytes(), other.read_bytes()
    file.write_bytes(two)
    other.write_bytes(one)
    return "swapped"


def replace(file: Path, chance: random.Random) -> str:
    """Something else than a file is in its place."""
    file.unlink()
    what = chance.choice(("link", "link to itself", "dangling link", "folder", "pipe", "device"))
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


def edit(file: Path, chance: random.Random) -> str:
    """A value somewhere in JSON becomes another, a name too, or one is added or left out."""
    data = json.loads(file.read_text("utf-8"))
    spots = list(places(data))
    container, key = chance.choice(spots)
    value = chance.choice(HOSTILE)
    how = chance.choice(("value", "value", "value", "remove", "add", "bend"))
    if how == "remove":
        del container[key]
    elif how == "add" and isinstance(container, dict):
        container[str(value)[:50]] = value
    elif how == "bend" and isinstance(container[key], (int, float)):
        container[key] = container[key] * chance.choice((-1, 2, 10, 1000)) + chance.choice((0, 1))
    else:
        container[key] = value
    file.write_text(json.dumps(data), "utf-8", "surrogatepass")
    return "JSON changed"


def places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every container and key in a value."""
    keys = list(data) if isinstance(data, dict) else range(len(data))
    for key in keys:
        yield data, key
        if isinstance(data[key], (dict, list)):
            yield from places(data[key])


def nest(file: Path, chance: random.Random) -> str:
    depth = chance.choice((100, 2000, 200_000))
    file.write_text(chance.choice(("[" * depth, "[" * depth + "]" * depth, '{"a":' * depth)))
    return "nested deeply"


def rewrite_header(file: Path, chance: random.Random) -> str:
    """Of a safetensors file: its length, or what it says of an array."""
    content = file.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    if chance.random() < 0.3:
        length = chance.choice((0, 1, 7, 2**31, 2**40, 2**63, 2**64 - 1, length - 1, length + 1))
        file.write_bytes(struct.pack("<Q", length) + content[8:])
        return "another length of its header"
    header = json.loads(content[8 : 8 + length])
    entry = header[chance.choice(sorted(header))]
    if chance.random() < 0.5:
        container, key = chance.choice(list(places(entry)))
        container[key] = chance.choice(HOSTILE)
    elif "shape" in entry:
        name = chance.choice(("dtype", "shape", "data_offsets"))
        entry[name] = {
            "dtype": chance.choice(("F64", "I64", "BF16", "F16", "BOOL", "U8", "F8_E4M3")),
            "shape": [2 ** chance.randrange(40), 2 ** chance.randrange(20)],
            "data_offsets": [0, 2 ** chance.randrange(60)],
        }[name]
    words = json.dumps(header).encode("utf-8", "surrogatepass")
    file.write_bytes(struct.pack("<Q", len(words)) + words + content[8 + length :])
    return "another header"


def plain(path: Path) -> list[Path]:
    """The files below a folder that may be changed again: no links out of it, and none too long."""
    return sorted(
        file
        for file in path.rglob("*")
        if stat.S_ISREG((found := file.lstat()).st_mode) and found.st_size < 10**7
    )


ANY: tuple[Change, ...] = (flip, overwrite, truncate, lengthen, stretch, remove, swap, replace)


def spoil(path: Path, chance: random.Random) -> str:
    """Change a checkpoint once; says how."""
    file = chance.choice(plain(path))
    changes: tuple[Change, ...] = ANY
    if file.name in JSON_FILES:
        changes = (*ANY, *[edit] * 12, nest)
    elif file.suffix == ".safetensors":
        changes = (*ANY, *[rewrite_header] * 8)
    return f"{file.relative_to(path)}: {chance.choice(changes)(file, chance)}"


def spoiled(path: Path, chance: random.Random) -> str:
    """Change a checkpoint, once or more often; says how."""
    done = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        with contextlib.suppress(Exception):  # an earlier one spoiled it too much
            done.append(spoil(path, chance))
    if chance.random() < 0.3:
        done.append(vouch(path))
    return "; ".join(done)


def vouch(path: Path) -> str:
    """Make the checksums fit again what a change has made of a checkpoint, as far as that goes."""
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
    """Do with a checkpoint what seqgen does with it: could it be sampled, or was it refused?"""
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
    """It took too long: no error that anything on the way would take for one of its own."""


@contextmanager
def watched() -> Iterator[None]:
    """Raise Hang if what is done takes too long."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Hang(f"it took more than {MOST_SECONDS:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def contents(folder: Path) -> dict[str, Any]:
    """What lies in a folder, as far as it can be told without reading it."""
    return {
        str(file.relative_to(folder)): (found.st_size, found.st_mtime_ns, found.st_mode)
        for file in sorted(folder.rglob("*"))
        if (found := file.lstat())
    }


def mutate(
    bases: list[Path], folder: Path, seeds: range, tell: Callable[[], None] = lambda: None
) -> tuple[Counter[str], list[str]]:
    """Spoil a copy of one of the checkpoints for each seed, and use it.

    Returns how often which outcome came, and every fault: a crash, a hang, too much memory, or
    something written.
    """
    outcomes: Counter[str] = Counter()
    faults = []
    for seed in seeds:
        chance = random.Random(seed)
        path = folder / f"spoiled-{seed}"
        base = chance.choice(bases)
        shutil.copytree(base, path)
        how = f"seed {seed}, {base.name}: {spoiled(path, chance)}"
        before, held = contents(folder), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.monotonic()
        try:
            with watched():
                outcome = use(path)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            outcome = "fault"
            faults.append(f"{how}: {type(error).__name__}: {str(error)[:300]}")
        grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held)
        if grown > MOST_BYTES:
            faults.append(f"{how}: took {grown:,} bytes")
        if time.monotonic() - began > MOST_SECONDS:
            faults.append(f"{how}: took {time.monotonic() - began:.1f} s")
        changed = {name for name, _ in contents(folder).items() ^ before.items()}
        if changed:
            faults.append(f"{how}: {outcome}, and it wrote {', '.join(sorted(changed))}")
        outcomes[outcome] += 1
        shutil.rmtree(path)
        tell()
    return outcomes, faults
