from dataclasses import replace
from html.parser import HTMLParser

from vf_ray.eval.benchmark import Figure
from vf_ray.page.axes import GRID, INK, SOFT
from vf_ray.page.document import (
    Block,
    Document,
    Gallery,
    GalleryItem,
    Notes,
    Paragraph,
    Plot,
    Section,
    Tile,
    Tiles,
)
from vf_ray.page.plots import scatter
from vf_ray.page.style import CSS
from vf_ray.page.tables import Table, figure, percent

HOSTILE = "<script>alert('x')</script> & | \n ok"


def document() -> Document:
    shown = GalleryItem(
        image="data:image/png;base64,AA==", pixelated=True, title=HOSTILE, prompt=HOSTILE, gold=HOSTILE,
        answers=[("BASE", HOSTILE, True), ("CHAT", "", False)],
    )  # fmt: skip
    blocks: list[Block] = [
        Paragraph(words=HOSTILE), Notes(lines=[HOSTILE]), Tiles(tiles=[Tile(value="1", label=HOSTILE)]),
        Table(headers=["a", "b"], rows=[[HOSTILE, "1 [0, 2]"]], caption=HOSTILE),
        Plot(name="p", drawing=scatter([(HOSTILE, INK, 0, 1)], x_label="x", y_label="y"), caption=HOSTILE),
        Gallery(shown=[shown]),
    ]  # fmt: skip
    return Document(title=HOSTILE, about=HOSTILE, sections=[Section(title="A part", blocks=blocks)])


class Page(HTMLParser):
    """Collects what a browser would load or run, and whether tags close."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [v or "" for k, v in attrs if k in ("src", "href")]
        if tag not in ("meta", "img", "br", "input"):
            self.open.append(tag)
        assert tag != "script"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag != "script"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_loads_nothing_and_runs_nothing() -> None:
    page = Page()
    page.feed(document().html())
    assert page.open == []
    assert all(link.startswith(("data:", "#")) for link in page.loads)


def test_markdown_keeps_tables_whole() -> None:
    table = Table(headers=["a", "b"], rows=[[HOSTILE, "1"]], wide=(1,))
    assert table.markdown().splitlines()[2] == "| <script>alert('x')</script> & \\|   ok | 1 |"
    assert "data:image" not in document().markdown()


def test_a_terminal_table_lines_up() -> None:
    lines = Table(headers=["name", "n"], rows=[["a", "10"], ["longer", "9"]]).text().splitlines()
    assert lines == ["name     n", "a       10", "longer   9"]


def test_figures_are_printed_on_their_scale() -> None:
    data = Figure(value=0.5, low=0.25, high=0.75, n=4)
    assert figure(data, "f1") == "0.500 [0.250, 0.750]"
    assert figure(data, "accuracy %") == "0.5 [0.2, 0.8]"
    assert figure(replace(data, low=0.5, high=0.5), "f1") == "0.500 [no spread]"
    assert percent(data) == "50 [25, 75]"
    assert figure(None) == percent(None) == "-"


def test_plain_holds_the_tables_and_no_images() -> None:
    (section,) = document().plain()["sections"]
    assert section["blocks"][3]["rows"] == [[HOSTILE, "1 [0, 2]"]]
    assert "image" not in section["blocks"][5]["gallery"][0]


def test_the_inks_of_plots_are_those_that_the_dark_page_changes() -> None:
    dark = CSS[CSS.index("prefers-color-scheme:dark") : CSS.index("@media print")]
    assert all(f'="{colour}"]' in dark for colour in (INK, SOFT, GRID))
    assert "figure svg{max-width:720px}" in CSS[CSS.index("max-width:640px") :]  # letters keep their size
