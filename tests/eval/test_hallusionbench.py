import json
from pathlib import Path
from typing import Any

import pytest

from tests.eval.test_judged import Grader
from tests.eval.trees import tree
from vf_ray.eval.benchmark import QuestionSet
from vf_ray.eval.benchmarks.hallusionbench import HALLUSIONBENCH, by_rule, verdict
from vf_ray.eval.judge import Reply, Request

ASKED = Request(id="1", user="?")


def row(category: str, figure: int, question: int, gold: str, shown: bool = True) -> dict[str, Any]:
    name = f"./{category}/chart/0_{figure}.png"
    return {
        "category": category, "subcategory": "chart", "visual_input": "1" if shown else "0", "set_id": "0",
        "figure_id": str(figure), "question_id": str(question), "question": f"Is {question} so?",
        "gt_answer": gold, "gt_answer_details": "Because.", "filename": name if shown else None,
    }  # fmt: skip


ROWS = [
    row("VS", 0, 0, "1", shown=False), row("VS", 0, 1, "0", shown=False),
    row("VS", 1, 0, "1"), row("VS", 1, 1, "0"), row("VD", 0, 0, "1"), row("VD", 0, 1, "0"),
    row("VD", 1, 0, "0"),
]  # fmt: skip


def write(root: Path) -> QuestionSet:
    (root / "HallusionBench.json").write_text(json.dumps(ROWS))
    return HALLUSIONBENCH.load(tree(root))


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("Correct.", "correct"),
        ("It is incorrect", "incorrect"),
        ("unclear", "unclear"),
        ("hm", None),
        ("", None),
        (None, None),
    ],
)
def test_a_verdict_is_looked_for_with_incorrect_first(reply: str | None, said: str | None) -> None:
    assert verdict(ASKED, Reply(text=reply)) == said


@pytest.mark.parametrize(
    ("reply", "said"),
    [("Correct, since it", "correct"), ("**Incorrect** it", "incorrect"), ("correct", None),
     ("It is correct, since", None), ("is it correct or incorrect? Well", None)],
)  # fmt: skip
def test_of_a_cut_reply_only_its_beginning_counts(reply: str, said: str | None) -> None:
    assert verdict(ASKED, Reply(text=reply, cut=True)) == said


@pytest.mark.parametrize(
    ("answer", "gold", "said"),
    [("Yes, it is.", "1", "correct"), ("no", "1", "incorrect"), ("I cannot tell", "1", "unclear"),
     ("No. Yes.", "0", "correct"), ("nothing known", "0", "unclear")],
)  # fmt: skip
def test_without_a_judge_the_first_yes_or_no_decides(answer: str, gold: str, said: str) -> None:
    assert by_rule(answer, gold) == said


def test_three_accuracies_as_officially_grouped(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    said = {"VS/chart/0/0/0": "unclear", "VS/chart/0/1/1": "incorrect", "VD/chart/0/0/1": "unclear"}
    found = HALLUSIONBENCH.score(
        question_set,
        {q.id: "whatever" for q in question_set.questions},
        Grader(lambda r: said.get(r.id, "correct")),
    )
    values = {key: figure.value for key, figure in found.headline.items()}
    assert values["aAcc %"] == pytest.approx(100 * 5 / 7)  # unclear is right without a picture only
    assert values["qAcc %"] == pytest.approx(100 * 2 / 4)  # VS question 0, VD question 0
    assert values["fAcc %"] == pytest.approx(100 * 1 / 3)  # VD figure 1; VS figure 0 is left out
    assert set(found.tables["categories"]) == {"VS", "VD", "VS/chart", "VD/chart"}
    assert found.counts["judged"] == 7
    assert sum(q.image is not None for q in question_set.questions) == 5


def test_what_the_judge_leaves_open_falls_to_the_rule_and_is_counted(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    answers = {q.id: "Yes" if q.gold == "1" else "No" for q in question_set.questions[:6]}
    only = question_set.questions[0].id
    found = HALLUSIONBENCH.score(question_set, answers, Grader(lambda r: "correct" if r.id == only else None))
    assert found.headline["aAcc %"].value == pytest.approx(600 / 7)
    assert (found.counts["fallback"], found.counts["missing"]) == (5, 1)
    assert str(found.unusable["replies"]) == "5 of 6 not usable: no reply"
    assert found.counts["missing"] == 1


def test_predictions_are_read_from_the_benchmarks_own_list(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    (tmp_path / "a.json").write_text(json.dumps([{**r, "model_prediction": "Yes"} for r in ROWS[1:]]))
    assert len(HALLUSIONBENCH.read(tmp_path / "a.json", question_set)) == 6
    (tmp_path / "HallusionBench.json").write_text(json.dumps([*ROWS, ROWS[0]]))
    with pytest.raises(ValueError, match="a question twice"):
        HALLUSIONBENCH.load(tree(tmp_path))
