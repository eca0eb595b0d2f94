from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from seqgen.cli.options import with_options
from seqgen.config.fields import Options, option
from seqgen.config.options import ModelOptions, SamplingOptions, TrainingOptions
from seqgen.errors import ConfigError


@dataclass(frozen=True)
class Made(Options):
    """Made for a test. Second line."""

    whole_number: int | None = option(None, "A whole number.", least=2, most=8)
    share: float = option(0.25, "A share.", above=0.0, most=1.0)
    many: tuple[int, ...] | None = option(None, "Several.", least=1)
    word: str = option("left", "A word.", choices=("left", "right"))
    cell: str = option("lstm", "A cell.", names="cells")
    yes: bool = option(False, "A truth.")
    hidden: int = option(3, "Only in a file.", flag=False)


def call(*arguments: str, groups: tuple[type[Options], ...] = (Made,)) -> dict[str, Any]:
    """What a command with these options is told."""
    told: dict[str, Any] = {}

    @with_options(*groups)
    def command(
        name: Annotated[str, typer.Argument()], given: dict[str, Any], loud: bool = False
    ) -> None:
        told.update(given, name=name, loud=loud)

    result = CliRunner().invoke(app_of(command), ["x", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert told.pop("name") == "x"
    return told


def app_of(command: Any) -> typer.Typer:
    app = typer.Typer()
    app.command()(command)
    return app


def test_only_what_was_said_is_told() -> None:
    assert call() == {"loud": False}
    assert call("--loud", "--whole-number", "5") == {"loud": True, "whole_number": 5}


def test_values_have_the_types_of_their_fields() -> None:
    told = call("--share", "1", "--many", "512,256", "--word", "right", "--cell", "gru")
    del told["loud"]
    assert told == {"share": 1.0, "many": (512, 256), "word": "right", "cell": "gru"}
    assert type(told["share"]) is float
    assert call("--many", "7")["many"] == (7,)


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("--whole-number", "x"), "whole_number"),
        (("--share", "much"), "share"),
        (("--many", "1,,2"), "many"),
    ],
)
def test_what_is_not_of_its_type_names_the_option(arguments: tuple[str, ...], option: str) -> None:
    with pytest.raises(ConfigError) as error:
        call(*arguments)
    assert error.value.option == option


def test_a_file_says_options_and_flags_win(tmp_path: Path) -> None:
    path = tmp_path / "options.toml"
    path.write_text("share = 0.5\nmany = [4, 2]\nhidden = 9\nwhole_number = 3\n")
    told = call("--config", str(path), "--whole-number", "4")
    assert told == {"share": 0.5, "many": (4, 2), "hidden": 9, "whole_number": 4, "loud": False}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"shore = 1", r"options\.toml: unknown option 'shore'; did you mean share"),
        (b"share = ", r"options\.toml is not a TOML file"),
        (b"\xff", r"options\.toml is not a TOML file"),
        (b"share = " + b"[" * 9000, r"options\.toml is not a TOML file"),
        (b"share = {}", r"options\.toml: share is a table"),
        (b"share = [[{a = 1}]]", r"options\.toml: share is a table"),
        (None, r"cannot read .*options\.toml: No such file"),
    ],
)
def test_a_file_that_is_not_right_is_named(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "options.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        call("--config", str(path))


def test_the_real_options_make_commands() -> None:
    told = call("--units", "512,256", "--minutes", "2", groups=(ModelOptions, TrainingOptions))
    assert told == {"units": (512, 256), "minutes": 2.0, "loud": False}
    assert call("--stop", "END", "--seed", "7", groups=(SamplingOptions,))["stop"] == "END"


def told_lists(*arguments: str) -> dict[str, Any]:
    """What a command that takes lists is told."""
    told: dict[str, Any] = {}

    @with_options(Made, several=True)
    def command(given: dict[str, Any]) -> None:
        told.update(given)

    result = CliRunner().invoke(app_of(command), [*arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return told


def test_lists_have_a_value_for_each_place() -> None:
    assert told_lists() == {}
    assert told_lists("--share", "1,0.5", "--word", "left") == {
        "share": (1.0, 0.5),
        "word": ("left",),
    }
    assert told_lists("--cell", "lstm,gru") == told_lists("--cells", "lstm,gru")
    assert told_lists("--many", "128,512+256") == {"many": ((128,), (512, 256))}
    assert told_lists("--yes", "yes,no") == {"yes": (True, False)}


def test_lists_come_from_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "o.toml"
    file.write_text('cell = ["lstm", "gru"]\nmany = [128, [512, 256]]\nhidden = 4\nyes = true\n')
    assert told_lists("--config", str(file), "--cells", "rnn") == {
        "cell": ("rnn",), "many": (128, (512, 256)), "hidden": (4,), "yes": (True,),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("--share", "0.5,x"), "share"),
        (("--many", "1+x"), "many"),
        (("--many", "1,"), "many"),
        (("--yes", "true"), "yes"),
    ],
)
def test_a_wrong_value_in_a_list_names_its_option(arguments: tuple[str, ...], option: str) -> None:
    with pytest.raises(ConfigError) as error:
        told_lists(*arguments)
    assert error.value.option == option
