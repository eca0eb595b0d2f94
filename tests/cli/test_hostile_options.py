"""Every value of an option gives a result, or a message and a status; values come from hypothesis.

SEQGEN_EXAMPLES sets the number of calls of each command, for example 3000 for a long search.
"""

import contextlib
import json
import os
import shutil
import stat
from encodings.aliases import aliases
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqgen.data import tokenizers
from seqgen.models import cells
from tests.cli.commands import ARGUMENTS, options_of

EXAMPLES = int(os.environ.get("SEQGEN_EXAMPLES", "12"))
search = settings(
    max_examples=EXAMPLES,
    deadline=None,
    # Each example restores the files of the fixtures.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

# Each command, and those again whose options differ for other arguments.
CALLS = [
    *ARGUMENTS.items(),
    (("train",), ("good.txt",)),
    (("train",), ("--resume", "fox")),
    (("sample",), ("jig", "--count", "1", "--length", "30")),
    (("evaluate",), ("jig", "--count", "1", "--no-validators")),
]

CODECS = (*sorted(set(aliases.values())), "idna", "punycode", "undefined", "unicode_escape")
# Numbers are small or out of range; large valid numbers would only take long.
NUMBERS = st.one_of(
    st.integers(-40, 40), st.integers(10**15), st.integers(max_value=-1), st.floats()
).map(str)
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
SPELLINGS = st.sampled_from(("{}", " {} ", "+{}", "{}_0", "0x{}", "{}e3", "{}%", "{}\n", "{}j"))
WORDS = st.sampled_from(
    (*cells.names(), *tokenizers.names(), "1:10", "4/4", "D", "jig", "AABB", *CODECS)
)
# As in sys.argv: invalid UTF-8 becomes surrogates, and there is no NUL.
BYTES = st.binary(max_size=20).map(lambda data: os.fsdecode(data.replace(b"\0", b"")))
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
CONTROLS = st.text("\x1b[0;31m\a\b\r\n\t\x7f\x9b‮{}[/red]\\%$'\"", max_size=12)
SEPARATORS = st.sampled_from((",", ",,", ", ", "+", ":", ";", "،", "/", "-", "\n"))
PATHS = st.sampled_from(
    (".", "..", "./", "folder", "folder/", "good.txt", "good.txt/x", "good.abc", "empty.txt",
     "binary.txt", "latin.txt", "null", "checkpoints", "checkpoints/fox/config.json", "@",
     "@folder", "@binary.txt", "@good.txt", "@" + "n" * 300, "-", "--", "-x", "*", "**", "[",
     "n" * 300, "n/" * 1500, "/proc/self/mem", "/proc/self/x", "new/folder/x", "http://x.invalid")
)  # fmt: skip
ENDS = st.sampled_from((".svg", ".PNG", ".pdf", ".mid", ".wav", ".html", ".toml", ".txt", "."))


def inside(value: str) -> bool:
    """Whether a value cannot be a writable path outside the folder of the test."""
    return not value.startswith(("/", "~")) and "../.." not in value


ONES = st.one_of(
    NUMBERS,
    st.builds(str.format, SPELLINGS, NUMBERS),
    NUMBERS.map(lambda number: number.translate(ARABIC)[:3]),
    WORDS,
    BYTES,
    TEXTS,
    CONTROLS,
)
VALUES = (
    st.one_of(
        ONES,
        st.builds(str.join, SEPARATORS, st.lists(ONES, max_size=4)),
        st.builds(str.__add__, st.one_of(BYTES, TEXTS, PATHS, WORDS), ENDS),
        st.builds(str.__mul__, TEXTS, st.just(2000)),
    ).filter(inside)
    | PATHS
)


@pytest.fixture(autouse=True)
def working_folder(
    files: Path, tune_checkpoint: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The current folder, with a null device; nothing is trained."""
    assert tune_checkpoint.parents[1] == files
    assert not list(shipped.iterdir())
    with contextlib.suppress(OSError):  # only root may, and not everywhere
        os.mknod(files / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))

    def no_further(*_: object) -> None:
        raise KeyboardInterrupt

    for module in ("training", "comparison"):
        monkeypatch.setattr(f"seqgen.{module}.dry_run.measure_speed", lambda *_: 1000.0)
    monkeypatch.setattr("seqgen.models.throughput.training_flops", lambda *_: 1e11)
    monkeypatch.setattr("seqgen.training.run._prepare", no_further)
    monkeypatch.setattr("seqgen.music.render.audio_player.find_player", lambda: None)
    monkeypatch.setenv("HOME", str(files))
    return files


def check_command(seqgen, folder: Path, *arguments: str) -> None:
    """Assert that a command ends with a result or a message without control characters."""
    before = everything(folder)
    status, out, err = seqgen(*arguments)
    assert status in (0, 1, 2, 130)
    assert "Traceback" not in out + err
    assert not set(err) & set("\x1b\a\b\r\x9b")
    if status in (1, 2):
        assert "error" in err.lower()
        # A tune is printed before its score fails.
        assert out == "" or "jig" in arguments
        assert not [path for path in everything(folder) - before if path.suffix == ".tmp"]
    for path in sorted(everything(folder) - before, reverse=True):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def everything(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "__pycache__" not in path.parts}


def option_values(words: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    """One or two options of a command, with values."""
    valued = st.tuples(st.sampled_from(options_of(words)), VALUES)
    return st.lists(valued, min_size=1, max_size=2).map(lambda pairs: [*chain(*pairs)])


@pytest.mark.parametrize(("words", "arguments"), CALLS)
def test_hostile_values(seqgen, working_folder: Path, words, arguments) -> None:
    @search
    @given(option_values(words))
    def search_it(more: list[str]) -> None:
        check_command(seqgen, working_folder, *words, *arguments, *more)

    search_it()


NAMED_COMMANDS = (
    ("train",), ("sample",), ("render",), ("evaluate",), ("compare",), ("inspect",),
    ("inspect", "gates"), ("checkpoints", "show"), ("checkpoints", "export"),
    ("checkpoints", "export", "fox"), ("corpora", "show"), ("corpora", "fetch"), (),
)  # fmt: skip


@pytest.mark.parametrize("words", NAMED_COMMANDS)
def test_hostile_names(seqgen, working_folder: Path, words) -> None:
    @search
    @given(st.lists(VALUES, min_size=1, max_size=2))
    def search_it(names: list[str]) -> None:
        check_command(seqgen, working_folder, *words, *names)

    search_it()


# A config file can contain a NUL.
SCALARS = st.one_of(
    st.text("a\0/.svg", max_size=9),
    st.none(),
    st.booleans(),
    st.integers(-40, 40),
    st.integers(10**15),
    st.floats(),
    ONES,
    PATHS,
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


def files_of(words: tuple[str, ...]) -> st.SearchStrategy[bytes]:
    """Contents of a config file: any bytes, or TOML with names of options."""
    own_names = [option.lstrip("-").replace("-", "_") for option in options_of(words)]
    names = st.sampled_from((*own_names, "save_every", "evaluations", "beta_1"))
    options = st.dictionaries(names, TREES, max_size=3) | st.dictionaries(TEXTS, TREES, max_size=2)
    return st.one_of(st.binary(max_size=60), options.map(table))


def table(options: dict[str, object]) -> bytes:
    return "\n".join(
        f"{json.dumps(name)} = {toml(value)}" for name, value in options.items()
    ).encode()


def toml(value: object) -> str:
    """A value in TOML syntax; None becomes a date."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(n)} = {toml(v)}" for n, v in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, float):
        return repr(value)
    return "1979-05-27T07:32:00Z" if value is None else json.dumps(value)


# One takes no file, the other compiles for seconds and reads options as the gates do.
NO_FILE = (("corpora", "show"), ("inspect", "gradients"))


@pytest.mark.parametrize(("words", "arguments"), [c for c in CALLS if c[0] not in NO_FILE])
def test_hostile_config_files(seqgen, working_folder: Path, words, arguments) -> None:
    @search
    @given(files_of(words))
    def search_it(content: bytes) -> None:
        (working_folder / "hostile.toml").write_bytes(content)
        check_command(seqgen, working_folder, *words, *arguments, "--config", "hostile.toml")

    search_it()
