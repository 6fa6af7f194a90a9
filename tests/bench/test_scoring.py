"""What scoring costs in seconds of one core: ten thousand answers read, parsed and given intervals."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.eval.miniature import WRITERS
from tests.eval.test_mmbench import Oracle
from tests.eval.trees import lines, tree
from vf_ray.eval import scoring
from vf_ray.eval.benchmark import Question, QuestionSet
from vf_ray.eval.benchmarks import get

pytestmark = pytest.mark.bench
N, MOST_S = 10_000, 5.0
CAPTION = (
    "The image shows a dog and a kitten, who don't mind each other, on a wooden bench in front of a house. "
    "Two people are standing in the background, and a bicycle leans against the wall. "
) * 3


def many(name: str, question_set: QuestionSet) -> QuestionSet:
    """Return an exam of N questions, six to a picture, by repeating those of another."""
    questions = [_nth(name, question_set.questions[n % len(question_set.questions)], n) for n in range(N)]
    extra = question_set.extra
    if name == "chair":
        there = list(extra.objects.values())
        extra = replace(extra, objects={q.id: there[n % len(there)] for n, q in enumerate(questions)})
    return replace(question_set, questions=tuple(questions), extra=extra)


def _nth(name: str, question: Question, n: int) -> Question:
    identity = str(n) if name in ("mmbench", "chair") else f"{question.id}#{n}"
    return replace(question, id=identity, image_id=question.image_id and f"p{n // 6}")


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_ten_thousand_answers_are_scored_in_seconds(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / "data")
    benchmark = get(name)
    question_set = many(name, benchmark.load(tree(tmp_path / "data")))
    said = CAPTION if name == "chair" else "The answer is (B), because it is so."
    rows = [
        {"question_id": q.id, "prompt": q.prompt, "text": f"{said} {n}"}
        for n, q in enumerate(question_set.questions)
    ]
    path = lines(tmp_path / "answers.jsonl", rows)
    begun = time.process_time()
    read_s = 0.0
    if name != "mme":  # its questions are told apart by text, and these are repeated
        benchmark.read(path, question_set)
        read_s = time.process_time() - begun
    answers = {row["question_id"]: row["text"] for row in rows}
    judge = Oracle("8 9") if benchmark.needs_judge else None
    begun = time.process_time()
    scoring.score(benchmark, question_set, answers, judge)
    took = time.process_time() - begun
    print(f"\n{name}: {N:,} answers read in {read_s:.2f} s and scored in {took:.2f} s")
    assert read_s + took < MOST_S
