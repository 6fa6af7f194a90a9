"""Markdown pages to HTML, by Sphinx; a link that leads nowhere ends it."""

import io
import shutil
from collections.abc import Mapping
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

SETTINGS = {
    "project": "vf-ray",
    "extensions": ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"],
    "html_theme": "furo",
    "html_title": "vf-ray",
    "html_copy_source": False,
    "html_show_copyright": False,
    "myst_heading_anchors": 3,
    "autodoc_typehints": "description",
    "suppress_warnings": ["myst.header", "misc.highlighting_failure"],
}


class BrokenPages(Exception):  # noqa: N818  # it says what it is
    """Pages that do not hold together, in Sphinx's words."""


def build(pages: Mapping[str, str], to: Path, builder: str = "html") -> Path:
    """Write the pages and what Sphinx makes of them below ``to``; return the folder of the latter.

    ``linkcheck`` as the builder asks every address of the pages instead, over the network.

    Raises:
        BrokenPages: for a link to a page or a heading that is not there, or whatever else Sphinx warns of.
    """
    written, made = to / "pages", to / builder
    shutil.rmtree(written, ignore_errors=True)
    for name, body in pages.items():
        path = written / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body, encoding="utf-8")
    warnings = io.StringIO()
    with docutils_namespace():  # what one build registers, the next one in this process would be warned of
        sphinx = Sphinx(
            written, None, made, to / "doctrees", builder, SETTINGS,
            status=None, warning=warnings, freshenv=True,
        )  # fmt: skip
        sphinx.build(force_all=True)
    if sphinx.statuscode or warnings.getvalue():
        raise BrokenPages(warnings.getvalue() or f"Sphinx ended with {sphinx.statuscode}")
    return made
