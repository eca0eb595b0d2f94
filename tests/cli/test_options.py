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
class ExampleOptions(Options):
    """Options of these tests. Second line."""

    whole_number: int | None = option(None, "A whole number.", least=2, most=8)
    share: float = option(0.25, "A share.", above=0.0, most=1.0)
    many: tuple[int, ...] | None = option(None, "Several.", least=1)
    word: str = option("left", "A word.", choices=("left", "right"))
    cell: str = option("lstm", "A cell.", names="cells")
    yes: bool = option(False, "A truth.")
    hidden: int = option(3, "Only in a file.", flag=False)


def call(*arguments: str, groups: tuple[type[Options], ...] = (ExampleOptions,)) -> dict[str, Any]:
    """Arguments that a command with these options receives."""
    received: dict[str, Any] = {}

    @with_options(*groups)
    def command(
        name: Annotated[str, typer.Argument()], given: dict[str, Any], loud: bool = False
    ) -> None:
        received.update(given, name=name, loud=loud)

    result = CliRunner().invoke(app_of(command), ["x", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert received.pop("name") == "x"
    return received


def app_of(command: Any) -> typer.Typer:
    app = typer.Typer()
    app.command()(command)
    return app


def test_only_given_options_are_passed() -> None:
    assert call() == {"loud": False}
    assert call("--loud", "--whole-number", "5") == {"loud": True, "whole_number": 5}


def test_values_have_the_types_of_their_fields() -> None:
    values = call("--share", "1", "--many", "512,256", "--word", "right", "--cell", "gru")
    del values["loud"]
    assert values == {"share": 1.0, "many": (512, 256), "word": "right", "cell": "gru"}
    assert type(values["share"]) is float
    assert call("--many", "7")["many"] == (7,)


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("--whole-number", "x"), "whole_number"),
        (("--share", "much"), "share"),
        (("--many", "1,,2"), "many"),
    ],
)
def test_values_of_another_type_name_the_option(arguments: tuple[str, ...], option: str) -> None:
    with pytest.raises(ConfigError) as error:
        call(*arguments)
    assert error.value.option == option


def test_flags_override_the_config_file(tmp_path: Path) -> None:
    path = tmp_path / "options.toml"
    path.write_text("share = 0.5\nmany = [4, 2]\nhidden = 9\nwhole_number = 3\n")
    values = call("--config", str(path), "--whole-number", "4")
    assert values == {"share": 0.5, "many": (4, 2), "hidden": 9, "whole_number": 4, "loud": False}


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
def test_errors_of_the_config_file_name_it(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "options.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        call("--config", str(path))


def test_the_real_options_make_commands() -> None:
    values = call("--units", "512,256", "--minutes", "2", groups=(ModelOptions, TrainingOptions))
    assert values == {"units": (512, 256), "minutes": 2.0, "loud": False}
    assert call("--stop", "END", "--seed", "7", groups=(SamplingOptions,))["stop"] == "END"


def parse_lists(*arguments: str) -> dict[str, Any]:
    """Arguments that a command with lists of options receives."""
    received: dict[str, Any] = {}

    @with_options(ExampleOptions, several=True)
    def command(given: dict[str, Any]) -> None:
        received.update(given)

    result = CliRunner().invoke(app_of(command), [*arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return received


def test_lists_have_several_values() -> None:
    assert parse_lists() == {}
    assert parse_lists("--share", "1,0.5", "--word", "left") == {
        "share": (1.0, 0.5),
        "word": ("left",),
    }
    assert parse_lists("--cell", "lstm,gru") == parse_lists("--cells", "lstm,gru")
    assert parse_lists("--many", "128,512+256") == {"many": ((128,), (512, 256))}
    assert parse_lists("--yes", "yes,no") == {"yes": (True, False)}


def test_lists_come_from_the_config_file(tmp_path: Path) -> None:
    file = tmp_path / "o.toml"
    file.write_text('cell = ["lstm", "gru"]\nmany = [128, [512, 256]]\nhidden = 4\nyes = true\n')
    assert parse_lists("--config", str(file), "--cells", "rnn") == {
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
def test_invalid_values_in_lists_name_the_option(arguments: tuple[str, ...], option: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_lists(*arguments)
    assert error.value.option == option
