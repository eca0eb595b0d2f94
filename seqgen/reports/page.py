"""Render self-contained HTML pages from the Jinja templates of this package.

Every page extends ``templates/base.html``, which holds the shared style and a content security
policy that forbids all requests. Expressions are HTML-escaped.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

from seqgen.io.control_characters import show_controls
from seqgen.reports.highlight import one_line

if TYPE_CHECKING:
    from jinja2 import Environment


def render_page(template: str, **values: Any) -> bytes:
    """Render a template of ``templates/`` as a page in UTF-8.

    Templates have two filters for untrusted text: ``one_line`` and ``show_controls``. Lone
    surrogates become question marks.
    """
    return _environment().get_template(template).render(values).encode("utf-8", "replace")


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("seqgen.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"one_line": one_line, "show_controls": show_controls}
    return environment
