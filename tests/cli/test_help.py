"""What ``--help`` and ``--help-all`` print: one line per option, at 80 columns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from seqgen.cli import app
from seqgen.cli.help import Command
from seqgen.cli.options import with_options
from seqgen.config.fields import Options, option
from tests.cli.commands import every_command

MAX_LINES = 70


def options_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("  -")]


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "--help-all"])
def test_every_option_has_one_line_of_80_columns(
    seqgen: Callable[..., tuple[int, str, str]], words: tuple[str, ...], option: str
) -> None:
    name = ("fox",) if words[0] == "inspect" and len(words) > 1 else ()
    status, out, _ = seqgen(words[0], *name, *words[1:], option)
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    rows, _, _ = out.partition("\nValues:")
    _, _, rows = rows.partition("\nOptions:\n")
    assert not [line for line in rows.splitlines() if line.startswith("   ")]


@pytest.mark.parametrize("name", app.COMMANDS)
def test_help_fits_on_a_screen_and_help_all_has_the_advanced_options(
    seqgen: Callable[..., tuple[int, str, str]], name: str
) -> None:
    few, everything = (seqgen(name, option)[1] for option in ("--help", "--help-all"))
    if name != "compare":
        assert len(few.splitlines()) <= MAX_LINES
    assert set(options_of(few)) <= set(options_of(everything))
    command = app.import_command(name)
    advanced = {param.opts[-1] for param in command.params if param.name in command.advanced}
    for flag in advanced:
        assert f" {flag} " not in few
        assert f" {flag}" in everything
    assert bool(advanced) == ("More options" in few)


def test_the_common_options_of_train_are_in_its_help(
    seqgen: Callable[..., tuple[int, str, str]],
) -> None:
    _, out, _ = seqgen("train", "--help")
    for flag in ("--cell", "--units", "--minutes", "--epochs", "--learning-rate", "--resume"):
        assert f"  {flag} " in out
    assert "--spectral-radius" not in out


@dataclass(frozen=True)
class ExampleOptions(Options):
    """Options of this test."""

    size: int = option(3, "A size.", least=1, most=9)
    word: str | None = option(None, "A word.", choices=("left", "right"), default_text="left")
    shape: str = option("a" * 30, "A shape.", choices=("a" * 30, "b" * 30, "c" * 30))
    rare: bool = option(False, "Rare.", advanced=True)
    hidden: int = option(3, "Only in a file.", flag=False)


def test_choices_and_defaults_are_printed() -> None:
    @with_options(ExampleOptions)
    def command(given: dict[str, Any]) -> None:
        """Print a test.

        A second paragraph, which is
        reflowed.
        """

    example = typer.Typer()
    example.command(cls=Command)(command)
    text = CliRunner().invoke(example, ["--help"]).output
    for words in (
        "  Print a test.\n", "  A second paragraph, which is reflowed.\n",
        "Options of this test:\n",
        "A size. [default: 3]\n", "A word. [left, right; default: left]\n", "\nValues:\n",
        f"  --shape: {'a' * 30}, {'b' * 30},\n    {'c' * 30}\n",
    ):  # fmt: skip
        assert words in text
    assert "--rare" not in text
    everything = CliRunner().invoke(example, ["--help-all"]).output
    assert "--rare" in everything
    assert "--hidden" not in everything
