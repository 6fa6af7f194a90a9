import json
from pathlib import Path

import pytest

from tests.eval.miniature import textocr
from tests.eval.trees import tree
from vf_ray.eval.benchmarks.textocr import TEXTOCR


def test_the_share_of_pieces_that_an_answer_holds(tmp_path: Path) -> None:
    textocr(tmp_path)
    exam = TEXTOCR.load(tree(tmp_path))
    assert [q.meta["gold"] for q in exam.questions] == [("STOP", "Main", "St."), ("stop",)]
    found = TEXTOCR.score(exam, {"a": "It says: stop, main street", "b": "nothing here"})
    assert found.headline["recall %"].value == 50  # two of three pieces, and none of one
    assert found.headline["words per answer"].value == 3.5
    assert [item.parsed for item in found.items] == ["STOP Main", ""]
    assert found.counts["pieces"] == 4
    missing = TEXTOCR.score(exam, {"b": "Stop!"})
    assert (missing.headline["recall %"].value, missing.counts["missing"]) == (25, 1)


def test_text_of_a_picture_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    textocr(tmp_path)
    path = tmp_path / "TextOCR_0.1_val.json"
    whole = json.loads(path.read_text())
    path.write_text(json.dumps({**whole, "imgs": {"a": whole["imgs"]["a"]}}))
    with pytest.raises(ValueError, match="text of picture 'b'"):
        TEXTOCR.load(tree(tmp_path))
