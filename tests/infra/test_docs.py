"""The site holds together: every page is made, and no link leads nowhere."""

from pathlib import Path

import pytest

from infra.docs.markdown import page, prose, quoted, table, text
from infra.docs.pages import pages
from infra.docs.site import BrokenPages, build
from vf_ray.tasks import catalogue

RESOLVE = "dummy"
"""A builder that follows every link and writes no HTML."""


def test_the_site_has_a_page_for_everything_and_no_dead_link(tmp_path: Path) -> None:
    written = pages()
    build(written, tmp_path, RESOLVE)
    tasks = "".join(body for name, body in written.items() if name.startswith("catalogue/"))
    assert all(f"### {text(task)}\n" in tasks for task in catalogue())
    assert "`stages`" in written["recipe"] and "[Prepare](#prepare)" in written["recipe"]
    assert "## `vf-ray doctor`" in written["commands"]
    assert "RUCAIBox/POPE" in written["benchmarks"]


@pytest.mark.parametrize("link", ["[there](nowhere.md)", "[there](other.md#nowhere)", "[there](#nowhere)"])
def test_a_link_that_leads_nowhere_ends_it(tmp_path: Path, link: str) -> None:
    with pytest.raises(BrokenPages, match="nowhere"):
        build(
            {"index": page("Here", link, "[fine](other.md#head)"), "other": page("x", "## Head\n")},
            tmp_path,
            RESOLVE,
        )


def test_a_docstring_s_code_is_code_and_its_words_are_words() -> None:
    assert prose("As ``a|b``,\n  or *c*: ``{d: 1}``") == r"As `a\|b`, or \*c\*\: `{d: 1}`"
    assert quoted("One *line*.\nAnother") == "> One \\*line\\*.\\\n> Another\n"


def test_texts_of_others_never_become_markup(tmp_path: Path) -> None:
    hostile = "<script>x()</script> [a](b.md) {ref}`c` $x$ | *d* &amp; # e `f"
    build({"index": page("Here", text(hostile), table(("a",), [[text(hostile)]]))}, tmp_path)
    shown = (tmp_path / "html" / "index.html").read_text()
    assert shown.count("&lt;script&gt;x()&lt;/script&gt; [a](b.md) {ref}`c` $x$ | *d* &amp;amp; # e `f") == 2
