import json

from vf_ray.page.document import Document, Paragraph, Section
from vf_ray.page.sheets import Beside, Card, ImagePair, PairSide, PairsOfImages, Shares, Sheet
from vf_ray.page.tables import DENSE, Table

CARD = Card(
    image="data:image/png;base64,AA==", pixelated=True, title="k<1>", asked="a\nb & c", answered="<yes>"
)
SIDES = (
    PairSide(image="data:image/png;base64,AA==", pixelated=False, words="one"),
    PairSide(image="", pixelated=False, words="two"),
)
PARTS = (
    Sheet(cards=[CARD]),
    PairsOfImages(pairs=[ImagePair(sides=SIDES, caption="3 bits")]),
    Shares(counts=[("dog", 30), ("cat", 10)], total=50, caption="Answers"),
)


def test_words_are_text_never_markup() -> None:
    page = Sheet(cards=[CARD]).html()
    assert "&lt;yes&gt;" in page and "a<br>b &amp; c" in page and "k&lt;1&gt;" in page
    assert "class='pixels'" in page


def test_a_side_without_a_image_is_shown_as_such() -> None:
    page = PARTS[1].html()
    assert page.count("<img") == 1 and "class='none'" in page


def test_data_and_markdown_hold_everything_but_the_images() -> None:
    whole = Beside(parts=PARTS)
    assert "base64" not in json.dumps(whole.plain()) + whole.markdown()
    assert all(word in whole.markdown() for word in ("<yes>", "two", "dog", "60.0%"))
    assert whole.plain()["parts"][2]["shares"] == {"dog": 30, "cat": 10}


def test_small_shares_look_small() -> None:
    many = Shares(counts=[(str(n), 1) for n in range(4)], total=400, caption="")
    assert "width:2.0%" in many.html()
    assert "width:100.0%" in PARTS[2].html()


def test_the_first_column_links_into_the_page() -> None:
    table = Table(headers=["task", "n"], rows=[["a/b", "1"], ["c", "a/b"]], anchors={"a/b": "a-b"})
    assert table.html().count('<a href="#a-b">a/b</a>') == 1


def test_a_table_of_many_columns_is_set_closer() -> None:
    assert "dense" in Table(headers=["x"] * (DENSE + 1), rows=[]).html()
    assert "dense" not in Table(headers=["x"] * DENSE, rows=[]).html()


def test_sections_that_are_not_listed_are_there_all_the_same() -> None:
    sections = [
        Section(title="One", blocks=[Paragraph(words="first")]),
        Section(title="Two", blocks=[], listed=False),
    ]
    page = Document(title="t", about="", sections=sections).html()
    assert "href='#one'" in page and "href='#two'" not in page and "id='two'" in page
