import base64
import io

import pytest
from PIL import Image

from vf_ray.eval.benchmark import Item, Question, QuestionSet
from vf_ray.page.image_data import LARGEST, data_uri
from vf_ray.report.changes import bin_names, form
from vf_ray.report.gallery import gallery
from vf_ray.report.paper import FIGURES


def item(identity: str, answer: str | None, value: float = 1.0, category: str = "c") -> Item:
    return Item(id=identity, answer=answer, parsed="", gold="g", value=value, category=category)


def ppm(side: int) -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (side, side), (200, 30, 30)).save(sink, "PPM")
    return sink.getvalue()


def test_form_counts_words_letters_and_sentences() -> None:
    said = ["(b) red", "red", "The number shown here is clearly seven.", "", None]
    found = form([item(str(n), answer) for n, answer in enumerate(said)])
    assert found.answers == 4
    assert found.mean_words == pytest.approx((2 + 1 + 7 + 0) / 4)
    assert found.lettered == found.sentences == 0.25
    assert found.lengths[0] == found.lengths[1] == 0.25
    assert len(found.lengths) == len(bin_names())
    assert form([]).mean_words == 0


@pytest.mark.parametrize(("side", "kind", "small"), [(8, "png", True), (600, "jpeg", False)])
def test_images_are_put_into_the_page_in_a_form_browsers_show(side: int, kind: str, small: bool) -> None:
    uri, pixelated = data_uri(ppm(side))
    assert uri.startswith(f"data:image/{kind};base64,")
    assert pixelated == small
    with Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))) as image:
        assert max(image.size) == min(side, LARGEST)
    with pytest.raises(ValueError, match="cannot be decoded"):
        data_uri(b"no picture")


def test_the_gallery_shows_right_and_wrong_of_each_category() -> None:
    questions = [
        Question(id=f"{c}{n}", prompt="?", image_id=f"{n}", image=lambda: ppm(8), category=c)
        for c in "ab" for n in range(4)
    ]  # fmt: skip
    items = [item(q.id, "x", float(q.id in ("a1", "b2")), q.category) for q in questions]
    other = [item(q.id, "y", 1.0, q.category) for q in questions]
    shown = gallery(
        {"tasks": QuestionSet(questions=tuple(questions))}, {"tasks": {"stage1": items, "stage2": other}}
    )
    silent = gallery(
        {"x": QuestionSet(questions=tuple(questions[:1]))}, {"x": {"base": [item("a0", None, 0.0)]}}
    )
    assert silent[0].answers == [("start", "(not answered)", False)]
    assert [(s.title, [ok for _, _, ok in s.answers]) for s in shown] == [
        ("a", [True, True]), ("a", [False, True]), ("b", [True, True]), ("b", [False, True]),
    ]  # fmt: skip


def test_the_papers_figures_are_the_evidenced_ones() -> None:
    assert set(FIGURES["cf"]["mean accuracy %"]) == {"LLaVA 1.5"}  # its BASE and CHAT could not be read
    assert set(FIGURES["mmmu"]["accuracy %"]) == {"LLaVA 1.5"}
    assert "BASE" not in FIGURES["mm-vet"]["total"]
