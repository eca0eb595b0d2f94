"""What the documentation refers to exists: files, modules, options, anchors of other pages."""

import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT, name_of

every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)

# Folders that may contain a file that is named without its folder.
TOPS = ("seqgen", "checkpoints", "corpora")
# Options that are no parameters of the commands.
FOREIGN = {"--help", "--help-all"}


@cache
def cli_reference() -> Any:
    """The MkDocs hook that lists all commands."""
    spec = importlib.util.spec_from_file_location("cli_reference", DOCS / "cli_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def known_flags() -> frozenset[str]:
    commands = [command for _, command in cli_reference().commands()]
    import typer

    from seqgen.cli.app import app

    commands.append(typer.main.get_command(app))
    flags = {
        flag
        for command in commands
        for option in command.params
        for flag in (*option.opts, *option.secondary_opts)
    }
    return frozenset(flags)


def links(text: str) -> Iterator[str]:
    """The targets of relative links and pictures."""
    without_code = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code):
        if not re.match(r"[a-z]+:", target):
            yield target


@every_page
def test_relative_links_lead_to_files(page: Path) -> None:
    for target in links(page.read_text(encoding="utf-8")):
        path, _, _ = target.partition("#")
        assert not path or (page.parent / path).exists(), target


@every_page
def test_paths_in_the_text_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for path in re.findall(r"`([\w/.-]+\.(?:py|toml))`", text):
        places = (ROOT, ROOT / "seqgen", DOCS)
        if "/" in path:
            assert any((place / path).exists() for place in places), path
        elif not re.search(rf'title="{re.escape(path)}"', text):
            below = any(any(ROOT.joinpath(top).rglob(path)) for top in TOPS)
            assert (ROOT / path).exists() or below, path


@every_page
def test_modules_in_the_text_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    names = re.findall(r"\b((?:seqgen|benchmarks|tests)(?:\.[a-z_0-9]+)+)\b", text)
    for name in names:
        # The last part may be a function, or the name may be an entry point group.
        *parents, last = name.split(".")
        module = ROOT.joinpath(*parents, last)
        parent = ROOT.joinpath(*parents)
        exists = module.is_dir() or module.with_suffix(".py").exists()
        if not exists and (source := source_of(parent)):
            exists = re.search(rf"\b{last}\b", source.read_text(encoding="utf-8")) is not None
        assert exists or name in entry_point_groups(), name


def source_of(module: Path) -> Path | None:
    paths = (module / "__init__.py", module.with_suffix(".py"))
    return next((path for path in paths if path.exists()), None)


@cache
def entry_point_groups() -> frozenset[str]:
    text = (ROOT / "seqgen" / "registry.py").read_text(encoding="utf-8")
    return frozenset(re.findall(r"``(seqgen\.\w+)``", text))


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=name_of
)
def test_options_in_the_text_are_options_of_the_program(page: Path) -> None:
    for line in page.read_text(encoding="utf-8").splitlines():
        if re.search(r"python -m|\.venv/bin/|--8<--", line):
            continue  # options of the benchmarks and of pytest
        for flag in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", line):
            assert flag in known_flags() | FOREIGN | benchmark_flags(), line


@cache
def benchmark_flags() -> frozenset[str]:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "benchmarks").glob("*.py")]
    return frozenset(re.findall(r'"(--[a-z][a-z-]*)"', "".join(texts))) - {"--out"}


def test_the_command_line_reference_has_every_command_and_option() -> None:
    reference = cli_reference().reference()
    for path, command in cli_reference().commands():
        assert f"## `{path}`" in reference
        section = reference.partition(f"## `{path}`")[2].partition("\n## ")[0]
        for option in command.params:
            if option.param_type_name == "option" and option.name != "help":
                assert all(f"`{flag}`" in section for flag in option.opts), (path, option.name)
    for page, text in ((p, p.read_text(encoding="utf-8")) for p in DOCS.rglob("*.md")):
        for anchor in re.findall(r"cli\.md#([\w-]+)", text):
            assert f"#{anchor} }}" in reference, (page, anchor)


@pytest.mark.parametrize(
    ("command", "flag", "values", "default"),
    [
        ("seqgen train", "--layers", "1 to 8", "automatic"),
        ("seqgen train", "--cell", "`lstm`, `mingru`", "`lstm`"),
        ("seqgen train", "--clip-norm", "above 0, up to 10<sup>9</sup>", "1"),
        ("seqgen train", "--spectral-radius", "above 0, up to 0.99999", "`0.95`"),
        ("seqgen train", "--residual", "", "off"),
        ("seqgen train", "--norm", "`layer`, `batch`", ""),
        ("seqgen train", "--seed", "0 to 2<sup>31</sup> − 1", "`0`"),
        ("seqgen compare", "--residual", "`yes`, `no`", "off"),
        ("seqgen sample", "--seed", "0 to 2<sup>63</sup> − 1", "drawn and printed"),
        ("seqgen sample", "--weights", "`best`, `last`", "`best`"),
        ("seqgen sample", "--score", "file name in `.svg`, `.png`, `.pdf`", ""),
        ("seqgen evaluate", "--seed", "0 to 2<sup>63</sup> − 1", "`0`"),
        ("seqgen corpora show", "--characters", "from 1", "a screen"),
    ],
)
def test_the_command_line_reference_has_values_and_defaults(
    command: str, flag: str, values: str, default: str
) -> None:
    section = cli_reference().reference().partition(f"## `{command}`")[2].partition("\n## ")[0]
    (row,) = [line for line in section.splitlines() if line.startswith(f"| `{flag}`")]
    cells = [cell.strip() for cell in row.split("|")]
    assert values in cells[3]
    assert bool(values) == bool(cells[3])
    assert cells[4] == default


def test_all_rows_of_a_table_of_the_reference_have_as_many_cells() -> None:
    for block in cli_reference().reference().split("\n\n"):
        assert len({line.count("|") for line in block.splitlines() if line[:1] == "|"}) <= 1


def test_every_page_is_in_the_navigation_and_listed_on_the_first_page() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    first = (DOCS / "index.md").read_text(encoding="utf-8")
    for page in DOCS.rglob("*.md"):
        path = str(page.relative_to(DOCS))
        assert f": {path}\n" in navigation
        assert path == "index.md" or f"({path})" in first
