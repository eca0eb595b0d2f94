import re
from importlib.resources import files

import pytest

from seqgen.reports.page import _environment

TEMPLATES = sorted(
    path.name for path in (files("seqgen.reports") / "templates").iterdir() if "." in path.name
)


def test_expressions_are_escaped() -> None:
    template = _environment().from_string("{{ text }}{{ text|one_line }}")
    assert template.render(text="<b>\n") == "&lt;b&gt;\n&lt;b&gt;⏎"


def test_an_unknown_variable_is_an_error() -> None:
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        _environment().from_string("{{ typo }}").render()


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_load_nothing(name: str) -> None:
    source = (files("seqgen.reports") / "templates" / name).read_text(encoding="utf-8")
    assert not re.search(r"https?:|\bsrc=|@import|url\(|\|safe\b", source)
    _environment().get_template(name)
