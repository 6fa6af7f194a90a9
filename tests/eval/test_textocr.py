import json
from pathlib import Path

import pytest

from tests.eval.miniature import textocr
from tests.eval.trees import tree
from vf_ray.eval.benchmarks.textocr import TEXTOCR


def test_the_share_of_pieces_that_an_answer_holds(tmp_path: Path) -> None:
    textocr(tmp_path)
    question_set = TEXTOCR.load(tree(tmp_path))
    assert [q.golds for q in question_set.questions] == [("STOP", "Main", "St."), ("stop",)]
    found = TEXTOCR.score(question_set, {"a": "It says: stop, main street", "b": "nothing here"})
    assert found.headline["recall %"].value == 50  # two of three pieces, and none of one
    assert found.headline["words per answer"].value == 3.5
    assert [item.parsed for item in found.items] == ["STOP Main", ""]
    assert found.counts["pieces"] == 4
    missing = TEXTOCR.score(question_set, {"b": "Stop!"})
    assert (missing.headline["recall %"].value, missing.counts["missing"]) == (25, 1)


def test_text_of_a_image_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    textocr(tmp_path)
    path = tmp_path / "TextOCR_0.1_val.json"
    whole = json.loads(path.read_text())
    path.write_text(json.dumps({**whole, "imgs": {"a": whole["imgs"]["a"]}}))
    with pytest.raises(ValueError, match="text of picture 'b'"):
        TEXTOCR.load(tree(tmp_path))
