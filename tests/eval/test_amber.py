import json
from pathlib import Path
from typing import Any

import pytest

from tests.eval.trees import tree
from vf_ray.eval.benchmark import QuestionSet
from vf_ray.eval.benchmarks.amber import AMBER

KINDS = (
    "discriminative-hallucination",
    "discriminative-attribute-state",
    "discriminative-attribute-number",
    "relation",
)


def write(root: Path) -> QuestionSet:
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
    question_set = write(tmp_path)
    assert len(question_set.questions) == 16
    answers = {q.id: q.gold.capitalize() for q in question_set.questions}
    answers |= {"1005": "Yes", "1006": "No.", "1007": "No"}
    found = AMBER.score(question_set, answers, None)
    # 13 of 16 right; No is said 5 times, 4 of them rightly, of 6 that are no
    values = {key: figure.value for key, figure in found.headline.items()}
    assert values == {"accuracy %": 81.2, "precision %": 80.0, "recall %": 66.7, "f1 %": 72.7}
    existence = {key: figure.value for key, figure in found.tables["kinds"]["existence"].items()}
    assert existence == {"accuracy %": 75.0, "precision %": 100.0, "recall %": 75.0, "f1 %": 85.7}
    assert found.counts["unparsable"] == 1
    assert found.tables["kinds"]["attribute"]["accuracy %"].n == 8


@pytest.mark.parametrize("answer", ["yes", "no", "No.", " No", "NO", "Yes\n", ""])
def test_only_the_exact_words_count(tmp_path: Path, answer: str) -> None:
    question_set = write(tmp_path)
    found = AMBER.score(question_set, {q.id: answer for q in question_set.questions}, None)
    assert found.headline["accuracy %"].value == found.headline["f1 %"].value == 0


def test_answers_to_the_generative_part_are_passed_over_and_others_refused(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    (tmp_path / "a.json").write_text(
        json.dumps([{"id": 1, "response": "A dog."}, {"id": 1006, "response": "No"}])
    )
    assert AMBER.read(tmp_path / "a.json", question_set) == {"1006": "No"}
    (tmp_path / "a.json").write_text(json.dumps([{"id": 9999, "response": "No"}]))
    with pytest.raises(ValueError, match="9999"):
        AMBER.read(tmp_path / "a.json", question_set)


def test_missing_answers_are_left_out_as_officially_and_said(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    answers = {q.id: q.gold.capitalize() for q in question_set.questions[:4]}
    found = AMBER.score(question_set, answers, None)
    assert (found.headline["accuracy %"].n, found.counts["missing"]) == (4, 12)
    assert "12 missing answers are left out" in found.notes[-1]
    assert "accuracy 25.0 %" in found.notes[-1]


def test_an_unknown_kind_of_question_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    rows = json.loads((tmp_path / "annotations.json").read_text())
    (tmp_path / "annotations.json").write_text(json.dumps([*rows[:-1], {**rows[-1], "type": "new"}]))
    with pytest.raises(ValueError, match="of type 'new'"):
        AMBER.load(tree(tmp_path))


def test_queries_and_annotations_of_different_versions_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "annotations.json").write_text("[]")
    with pytest.raises(ValueError, match="no annotation"):
        AMBER.load(tree(tmp_path))
