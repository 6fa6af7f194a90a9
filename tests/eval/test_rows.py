"""Rows of one whole version of a benchmark, or none."""

import base64
import json
from pathlib import Path

import pytest

from tests.eval.miniature import png
from tests.eval.miniature_tables import image, parquet
from tests.eval.trees import tree
from vf_ray.errors import UserError
from vf_ray.eval.benchmarks import get
from vf_ray.eval.rows import rows

ROW = {"question": "Which?", "options": ["a", "b"], "answer": "1", "image": image()}


def test_a_table_without_one_of_its_parts_is_refused(tmp_path: Path) -> None:
    for part in (0, 2):
        parquet(tmp_path / "data" / f"test-{part:05d}-of-00003.parquet", [ROW])
    with pytest.raises(UserError, match=r"data/test-\*-of-00003\.parquet lacks part 00001"):
        get("ai2d").question_set(tree(tmp_path))
    parquet(tmp_path / "data" / "test-00001-of-00003.parquet", [ROW])
    assert len(get("ai2d").question_set(tree(tmp_path)).questions) == 3


def test_two_versions_side_by_side_are_refused(tmp_path: Path) -> None:
    for folder in ("ai2d", "ai2d-no-mask"):
        parquet(tmp_path / folder / "test-00000-of-00001.parquet", [ROW])
    with pytest.raises(UserError, match="lie in ai2d, ai2d-no-mask; keep the one"):
        get("ai2d").question_set(tree(tmp_path))


def test_two_benchmarks_in_one_download_are_told_apart(tmp_path: Path) -> None:
    for place, folder in enumerate(("DocVQA", "InfographicVQA")):
        cells = {"questionId": str(place), "question": "Who?", "answers": [folder], "image": image()}
        parquet(tmp_path / folder / "validation-00000-of-00001.parquet", [cells])
    for name, gold in (("docvqa", "DocVQA"), ("infographicvqa", "InfographicVQA")):
        (question,) = get(name).question_set(tree(tmp_path)).questions
        assert question.golds == (gold,)


def test_a_question_that_comes_twice_is_refused(tmp_path: Path) -> None:
    line = f"1\t{base64.b64encode(png(0)).decode()}\tWhich?\tA\tc\tl\n"
    for name in ("MMStar.tsv", "MMStar_copy.tsv"):
        (tmp_path / name).write_text("index\timage\tquestion\tanswer\tcategory\tl2_category\n" + line)
    with pytest.raises(UserError, match="'mmstar' asks '1' 2 times; keep one version"):
        get("mmstar").question_set(tree(tmp_path))


@pytest.mark.parametrize("head", ["", "data:image/png;base64,"])
def test_an_image_cell_is_base64_or_named(tmp_path: Path, head: str) -> None:
    whole = base64.b64encode(png(0)).decode()
    (tmp_path / "t.tsv").write_text(f"index\timage\n1\t{head}{whole}\n2\t{head}{whole[:-3]}\n")
    good, bad = rows(tree(tmp_path), "*.tsv")
    assert good.image().fetch() == png(0)
    with pytest.raises(UserError, match=r"t\.tsv row 3 image holds no picture in base64"):
        bad.image().fetch()
    with pytest.raises(UserError, match=r"t\.tsv row 2 has no image in Image"):
        good.image("Image")


def test_a_list_is_spelt_in_a_table_of_texts_only(tmp_path: Path) -> None:
    cells = {
        "answers": "[ 0 , 1 ]",
        "dataset_name": "HME100k",
        "type": "t",
        "question": "?",
        "image_path": "a.jpg",
    }
    (tmp_path / "OCRBench.json").write_text(json.dumps([{"id": 0, **cells}]))
    (question,) = get("ocrbench").question_set(tree(tmp_path)).questions
    assert question.golds == ("[ 0 , 1 ]",)
    text = "index\tanswers\n1\t['a', 'b']\n2\t[\"a\", \"b\"]\n3\t[Yes, No]\n4\ta\n"
    (tmp_path / "t.tsv").write_text(text)
    found = [row.texts("answers") for row in rows(tree(tmp_path), "*.tsv")]
    assert found == [("a", "b"), ("a", "b"), ("[Yes, No]",), ("a",)]


def test_a_quote_that_nothing_closes_does_not_swallow_the_rows_behind_it(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('index,text\n1,yes\n2,"no\n3,yes\n')
    with pytest.raises(UserError, match=r"t\.csv row 3 opens a quote that nothing closes"):
        rows(tree(tmp_path), "*.csv")
