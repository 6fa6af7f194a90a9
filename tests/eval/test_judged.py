import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.eval.miniatures import WRITERS
from tests.eval.trees import lines, tree
from vf_ray.eval import scoring
from vf_ray.eval.benchmark import Benchmark, QuestionSet, Score, Unserved
from vf_ray.eval.benchmarks import get
from vf_ray.eval.benchmarks.llava_bench import FAILED, LLAVA_BENCH
from vf_ray.eval.benchmarks.mm_vet import AGAIN, MM_VET
from vf_ray.eval.counting import UNGRADED
from vf_ray.eval.judge import JudgedRequest, Reply, Request
from vf_ray.eval.rules import grades


@dataclass
class Grader:
    """A judge that replies by a rule of the test."""

    rule: Callable[[Request], str | Reply | None]
    name: str = "grader-1"
    in_order: bool = False
    asked: list[Request] = field(default_factory=list)

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        self.asked += requests
        said = [self.rule(request) for request in requests]
        return [reply if isinstance(reply, Reply) else Reply(text=reply) for reply in said]


def mm_vet_exam(root: Path, evaluator: bool = False) -> QuestionSet:
    entries = {
        "v1_0": {"imagename": "a.jpg", "question": "What is x?", "answer": "-1<AND>-5", 
            "capability": ["ocr", "math"]},
        "v1_1": {"imagename": "b.jpg", "question": "What color?", "answer": "red<OR>crimson", 
            "capability": ["rec"]},
        "v1_2": {"imagename": "b.jpg", "question": "Read it", "answer": "STOP", "capability": ["ocr"]},
    }  # fmt: skip
    (root / "mm-vet.json").write_text(json.dumps(entries))
    if evaluator:
        (root / "mm-vet_evaluator.py").write_text('import openai\nprompt = """Official table"""\n')
    return MM_VET.load(tree(root))


@pytest.mark.parametrize(
    ("reply", "value"),
    [("0.5", 0.5), ("1", 1), ("1e-1", 0.1), ("11", None), ("0.8/1", None), ("8.5 out of 10", None),
    ("Grade: 0.5", None), ("\uff11", 1), ("0.2 or 0.9", 0.2),
    ("0.3 because", 0.3), (" 0.5", None), ("1.5", None), ("-0.1", None),
    ("nan", None),
     ("", None), ("good", None), ("0.5\n", 0.5)],
)  # fmt: skip
def test_a_grade_is_the_text_before_the_first_blank(reply: str, value: float | None) -> None:
    assert grades.fraction(reply) == value


def test_mm_vet_means_by_capability(tmp_path: Path) -> None:
    question_set = mm_vet_exam(tmp_path, evaluator=True)
    grader = Grader(lambda r: {"v1_0": "0.5", "v1_1": "1.0"}.get(r.id, "0.0"))
    found = MM_VET.score(question_set, {"v1_0": "-1", "v1_1": "red", "v1_2": "go"}, grader)
    assert found.headline["total"].value == pytest.approx(50)
    assert found.tables["capabilities"]["ocr"]["score"].value == pytest.approx(25)
    assert set(found.tables["capability sets"]) == {"math+ocr", "rec", "ocr"}
    assert grader.asked[0].user == "Official table\nWhat is x? | -1 <AND> -5 | -1 | "
    assert (grader.asked[0].max_tokens, grader.asked[0].temperature) == (16, 0)
    assert found.counts["judged"] == 3
    assert found.records[0].reply.text == "0.5"


def test_mm_vet_asks_again_hotter_and_then_counts_zero(tmp_path: Path) -> None:
    question_set = mm_vet_exam(tmp_path)
    grader = Grader(lambda r: "0.7" if r.temperature == 1.0 and r.id == "v1_1" else "well")
    found = MM_VET.score(question_set, {"v1_1": "red", "v1_2": "go"}, grader)
    asked = [(r.temperature, r.user.endswith(AGAIN)) for r in grader.asked if r.id == "v1_2"]
    assert asked == [(0.0, False), (0.0, True), (0.5, True), (1.0, True), (1.5, True)]
    assert [item.value for item in found.items] == [0, 0.7, 0]
    assert found.counts["fallback"] == found.counts["missing"] == 1
    assert "ours" in found.notes[2]


def test_mm_vet_without_a_judge_is_counted_as_ruled(tmp_path: Path) -> None:
    question_set = mm_vet_exam(tmp_path)
    found = MM_VET.score(question_set, {"v1_0": "x is -1", "v1_1": "a Crimson one", "v1_2": "go"}, None)
    assert [item.value for item in found.items] == [0.5, 1, 0]
    assert found.counts["fallback"] == 3
    assert "not MM-Vet's score" in found.notes[-1]


def test_mm_vet_answers_come_in_two_forms(tmp_path: Path) -> None:
    question_set = mm_vet_exam(tmp_path)
    (tmp_path / "a.json").write_text('{"v1_0": "x", "v1_2": "y"}')
    rows = [{"question_id": 2, "text": "y"}, {"question_id": 0, "text": "x"}]
    assert MM_VET.read(tmp_path / "a.json", question_set) == MM_VET.read(
        lines(tmp_path / "a.jsonl", rows), question_set
    )
    notebook = {
        "cells": [{"cell_type": "code", "source": ["!pip install x\n", "prompt = 'From a notebook'"]}]
    }
    (tmp_path / "mm-vet_evaluator.ipynb").write_text(json.dumps(notebook))
    assert MM_VET.load(tree(tmp_path)).extra == "From a notebook"


def llava_exam(root: Path, rules: bool = True) -> QuestionSet:
    rows = [
        {
            "question_id": n,
            "image": f"{n // 2}.jpg",
            "category": ("conv", "detail", "complex")[n % 3],
            "text": f"q{n}",
        }
        for n in range(6)
    ]
    lines(root / "questions.jsonl", rows)
    lines(
        root / "context.jsonl", [{"id": n, "image": f"{n}.jpg", "caption": ["one", "two"]} for n in range(3)]
    )
    lines(root / "answers_gpt4.jsonl", [{"question_id": n, "text": f"gpt4 {n}"} for n in range(6)])
    if rules:
        kinds = {
            f"llava_bench_{k}": {"role": "Assistant", "prompt": f"rule {k}"}
            for k in ("conv", "detail", "complex")
        }
        (root / "rule.json").write_text(json.dumps(kinds))
    return LLAVA_BENCH.load(tree(root))


@pytest.mark.parametrize(
    ("reply", "pair"),
    [("8 9\nbecause", (8, 9)), ("8,9", (8, 9)), ("11 9", (-1, -1)),
    ("8 -1", (-1, -1)), ("10 0", (10, 0)), ("9, 7", (-1, -1)), ("6  9", (-1, -1)),
    ("8/10 7/10", (-1, -1)),
     ("Assistant 1: 8", (-1, -1)), ("8 9 7", (-1, -1)), ("", (-1, -1)), ("nan 3", (-1, -1)),
     ("7.5 8.5", (7.5, 8.5))],
)  # fmt: skip
def test_two_grades_are_read_as_by_the_official_script(reply: str, pair: tuple[float, float]) -> None:
    assert (grades.pair(reply) or FAILED) == pair


def test_the_relative_score_is_the_ratio_of_means_with_failures_in_them(tmp_path: Path) -> None:
    question_set = llava_exam(tmp_path)
    said = {"0": "9, 7", "1": "9 8", "2": "8 6", "3": "10 5", "4": "9 9", "5": "8 8"}
    grader = Grader(lambda r: said[r.id])
    found = LLAVA_BENCH.score(question_set, {str(n): f"mine {n}" for n in range(6)}, grader)
    reference, model = round((-1 + 9 + 8 + 10 + 9 + 8) / 6, 3), round((-1 + 8 + 6 + 5 + 9 + 8) / 6, 3)
    assert found.headline["relative score"].value == pytest.approx(100 * model / reference)
    assert found.tables["categories"]["conversation"]["model"].value == pytest.approx(20)
    assert found.counts["unparsable"] == found.counts["fallback"] == 1
    assert grader.asked[1].user == (
        "[Context]\none\ntwo\n\n[Question]\nq1\n\n[Assistant 1]\ngpt4 1\n\n[End of Assistant 1]\n\n"
        "[Assistant 2]\nmine 1\n\n[End of Assistant 2]\n\n[System]\nrule detail\n\n"
    )
    assert grader.asked[1].temperature == 0.2


def test_llava_bench_needs_a_judge_and_whole_files(tmp_path: Path) -> None:
    question_set = llava_exam(tmp_path, rules=False)
    assert "ours" in question_set.notes[2]
    with pytest.raises(ValueError, match="graded by a judge"):
        LLAVA_BENCH.score(question_set, {}, None)
    lines(tmp_path / "context.jsonl", [{"id": 0, "image": "0.jpg", "caption": "one"}])
    with pytest.raises(ValueError, match="question 2 has no context"):
        LLAVA_BENCH.load(tree(tmp_path))


GOOD = {
    "llava-bench": "8 9\nboth are good",
    "mm-vet": "0.8",
    "hallusionbench": "correct",
    "cf": "Yes, it does",
    "mm-vet-v2": "0.8",
    "mmbench": "B",
    "mmbench-cn": "B",
    "ccbench": "B",
    "mmhal-bench": "Rating: 5",
    "mmvp": "yes",
    "blink": "(A)",
    "mathvista": "7",
}
FAILURES = {
    "withheld": Reply(text=None, error="withheld (finish_reason content_filter)"),
    "empty replies": Reply(text=""),
    "cut off": Reply(text="Let me think whether that is", cut=True),
}


@dataclass
class Case:
    """A judged benchmark in miniature, whose answers leave everything to the judge."""

    benchmark: Benchmark
    question_set: QuestionSet

    def scored(self, rule: Callable[[Request], str | Reply | None]) -> Score:
        answers = {question.id: "it is neither" for question in self.question_set.questions}
        return scoring.score(self.benchmark, self.question_set, answers, Grader(rule))


@pytest.fixture(params=[name for name in WRITERS if get(name).judged])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    WRITERS[request.param](tmp_path)
    return Case(get(request.param), get(request.param).question_set(tree(tmp_path)))


JUDGED = {name for name in WRITERS if get(name).judged}
EXTRACTS = {"mathvista"}
"""Most of its answers need no judge, and whatever a judge extracts is an answer."""
WHOLE = {"blink", "mathvista", "mmvp"}
"""Whose rule wants the whole reply to be the verdict."""


@pytest.mark.parametrize("case", sorted(JUDGED - EXTRACTS), indirect=True)
@pytest.mark.parametrize("why", FAILURES)
def test_no_figure_rests_on_a_judge_that_says_nothing(case: Case, why: str) -> None:
    with pytest.raises(Unserved, match=f"judge grader-1: .* not usable: .*{why}"):
        case.scored(lambda request: FAILURES[why])
    with pytest.raises(Unserved, match="replies without a verdict, such as 'As a model"):
        case.scored(lambda request: "As a model made of words, I have no opinion")


@pytest.mark.parametrize("why", FAILURES)
def test_a_reply_that_fails_is_counted_with_its_reason_and_leaves_the_others_their_figure(
    case: Case, why: str
) -> None:
    first: list[str] = []

    def rule(request: Request) -> str | Reply:
        first.append(request.id)
        return FAILURES[why] if request.id == first[0] else GOOD[case.benchmark.name]

    found = case.scored(rule)
    unusable = found.unusable["replies"]
    assert (unusable.count, unusable.of) == (1, len(set(first)))
    assert why in unusable.reason
    assert first.count(first[0]) == 1  # what failed is left to the next run
    assert found.unusable["replies"].times == 1
    ungraded = [item for item in found.items if item.how == UNGRADED]
    assert len(ungraded) == found.counts.get("ungraded", 0)
    if case.benchmark.name in ("llava-bench", "mm-vet", "mm-vet-v2"):  # no rule stands in for the judge
        assert [item.id for item in ungraded] == [first[0]]
        assert next(iter(found.headline.values())).n == len(found.items) - 1


@pytest.mark.parametrize("case", sorted(JUDGED - WHOLE), indirect=True)
def test_a_verdict_that_a_reply_begins_with_counts_though_it_is_cut_later(case: Case) -> None:
    good = GOOD[case.benchmark.name]
    whole = case.scored(lambda request: Reply(text=f"{good} because of the many reasons that", cut=True))
    assert not whole.unusable
    assert whole.headline == case.scored(lambda request: good).headline


def test_a_number_that_may_be_half_is_none(tmp_path: Path) -> None:
    question_set = mm_vet_exam(tmp_path)
    answers = dict.fromkeys(("v1_0", "v1_1", "v1_2"), "x")
    said = {"v1_0": "0.", "v1_1": "0.8 is", "v1_2": "1.0 or"}
    found = MM_VET.score(
        question_set, answers, Grader(lambda request: Reply(text=said[request.id], cut=True))
    )
    assert found.headline["total"].value == pytest.approx(90)
    assert found.counts["ungraded"] == 1
    assert "capabilities" in found.tables
    assert "math" not in found.tables["capabilities"]  # nothing of it was graded


def test_a_judge_that_always_says_the_same_is_told() -> None:
    def judged(text: str, number: int) -> JudgedRequest:
        request, reply = Request(id=str(number), user="?"), Reply(text=text)
        return JudgedRequest(judge="g", request=request, prompt_sha256=str(number), reply=reply)

    alike = [judged("1.0", number) for number in range(20)]
    assert scoring._judging(alike).endswith("every reply is the same: '1.0'")
    assert "same" not in scoring._judging(alike[:19])
    assert "same" not in scoring._judging([judged("0.5", 0), *alike[1:]])
