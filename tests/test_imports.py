"""The package has no import cycles."""

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import seqgen

ROOT = Path(seqgen.__file__).parent


def name_of(path: Path) -> str:
    parts = [ROOT.name, *path.relative_to(ROOT).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a module outside ``if TYPE_CHECKING:``, including those in functions."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        yield child
        yield from nodes(child)


def imports(source: str, modules: Mapping[str, object]) -> set[str]:
    """The modules of the package that a module imports, also in functions."""
    names: set[str] = set()
    for node in nodes(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                names.add(name if name in modules else node.module)
    return names & modules.keys()


def test_there_are_no_import_cycles() -> None:
    sources = {name_of(path): path.read_text() for path in ROOT.rglob("*.py")}
    graph = {name: imports(source, sources) - {name} for name, source in sources.items()}
    assert len(graph) > 200
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(" -> ".join(reversed(error.args[1]))) from None


def test_imports_for_type_checkers_do_not_count() -> None:
    source = "if TYPE_CHECKING:\n    import a\ndef f():\n    from a import b, c\n    import d"
    assert imports(source, dict.fromkeys(["a", "a.b", "d", "e"])) == {"a", "a.b", "d"}
    assert imports("if TYPE_CHECKING:\n    import a", {"a": ""}) == set()
