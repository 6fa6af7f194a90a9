import json
from pathlib import Path
from typing import Any

import pytest

from tests.eval.trees import tree
from vf_ray.eval.benchmarks.amber import AMBER
from vf_ray.eval.types import Exam

KINDS = (
    "discriminative-hallucination",
    "discriminative-attribute-state",
    "discriminative-attribute-number",
    "relation",
)


def write(root: Path) -> Exam:
    truths: list[dict[str, Any]] = [{"id": 1, "type": "generative", "truth": ["dog"], "hallu": []}]
    truths += [
        {"id": 1005 + n, "type": KINDS[n % 4], "truth": "no" if n % 4 == 0 or n % 8 == 1 else "yes"}
        for n in range(16)
    ]
    (root / "query").mkdir()
    (root / "annotations.json").write_text(json.dumps(truths))
    queries = [{"id": t["id"], "image": f"AMBER_{t['id']}.jpg", "query": f"Is it {t['id']}?"} for t in truths]
    (root / "query" / "query_all.json").write_text(json.dumps(queries))
    return AMBER.load(tree(root))


def test_figures_are_the_official_formula(tmp_path: Path) -> None:
    exam = write(tmp_path)
    assert len(exam.questions) == 16
    answers = {q.id: q.meta["gold"].capitalize() for q in exam.questions}
    answers |= {"1005": "Yes", "1006": "No.", "1007": "No"}
    found = AMBER.score(exam, answers, None)
    golds = sum(q.meta["gold"] == "no" for q in exam.questions)
    right_no, said_no = golds - 2, golds - 2 + 1
    precision, recall = right_no / (said_no + 0.001), right_no / (golds + 0.001)
    values = {key: figure.value for key, figure in found.headline.items()}
    assert values["accuracy %"] == pytest.approx(100 * 13 / 16.001)
    assert values["precision %"] == pytest.approx(100 * precision)
    assert values["f1 %"] == pytest.approx(200 * precision * recall / (precision + recall + 0.0001))
    assert found.counts["unparsable"] == 1
    existence = found.tables["kinds"]["existence"]["f1 %"].value
    p, r = 3 / 3.001, 3 / 4.001
    assert existence == pytest.approx(200 * p * r / (p + r + 0.001))
    assert found.tables["kinds"]["attribute"]["accuracy %"].n == 8


@pytest.mark.parametrize("answer", ["yes", "no", "No.", " No", "NO", "Yes\n", ""])
def test_only_the_exact_words_count(tmp_path: Path, answer: str) -> None:
    exam = write(tmp_path)
    found = AMBER.score(exam, {q.id: answer for q in exam.questions}, None)
    assert found.headline["accuracy %"].value == found.headline["f1 %"].value == 0


def test_answers_to_the_generative_part_are_passed_over_and_others_refused(tmp_path: Path) -> None:
    exam = write(tmp_path)
    (tmp_path / "a.json").write_text(
        json.dumps([{"id": 1, "response": "A dog."}, {"id": 1006, "response": "No"}])
    )
    assert AMBER.read(tmp_path / "a.json", exam) == {"1006": "No"}
    (tmp_path / "a.json").write_text(json.dumps([{"id": 9999, "response": "No"}]))
    with pytest.raises(ValueError, match="9999"):
        AMBER.read(tmp_path / "a.json", exam)


def test_queries_and_annotations_of_different_versions_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "annotations.json").write_text("[]")
    with pytest.raises(ValueError, match="no annotation"):
        AMBER.load(tree(tmp_path))
