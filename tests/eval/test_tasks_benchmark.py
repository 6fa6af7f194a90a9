from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.eval.trees import tree
from vf_ray.eval.benchmark import Figure, QuestionSet
from vf_ray.eval.benchmarks.tasks import TASKS, Verdict, normal, verdict
from vf_ray.eval.statistics import wilson
from vf_ray.shards.schema import INSTANCES, to_parquet


def row(task: str, key: str, answer: str, options: list[str] | None = None) -> dict[str, Any]:
    response = f"({'abc'[options.index(answer)]}) {answer}" if options else answer
    return {
        "task": task, "key": key, "split": "train", "shown": ["f" * 64], "images": [], "question": "",
        "options": options or [], "answer": answer, "prompt": "What?", "response": response,
    }  # fmt: skip


def exam_of(root: Path, task: str, rows: list[dict[str, Any]]) -> QuestionSet:
    path = root / task / "held_out.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(to_parquet(pa.Table.from_pylist(rows, INSTANCES)))
    return TASKS.load(tree(root))


def right(question_set: QuestionSet, answer: str) -> float:
    return TASKS.score(question_set, {q.id: answer for q in question_set.questions}, None).items[0].value


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("(b) red", 1), ("(b)", 1), ("b) blue", 0), ("(B) red", 1), ("red", 1), ("Red.", 1),
        ("(a) red", 0), ("b", 0), ("", 0),
    ],
)  # fmt: skip
def test_a_letter_decides_where_there_are_options(tmp_path: Path, answer: str, value: int) -> None:
    assert (
        right(exam_of(tmp_path, "s/colour", [row("s/colour", "1", "red", ["blue", "red"])]), answer) == value
    )


@pytest.mark.parametrize(
    ("answer", "value"), [("A red  Fox", 1), ("a red fox.", 1), ("red fox", 0), ("(a) red fox", 1)]
)
def test_free_text_is_compared_normalised(tmp_path: Path, answer: str, value: int) -> None:
    assert right(exam_of(tmp_path, "s/name", [row("s/name", "1", "a red fox")]), answer) == value


def test_normal_keeps_what_is_only_punctuation() -> None:
    assert normal(" ?!") == "?!"
    assert normal("10-20") == "10 20"


def test_majority_is_the_best_constant_answer(tmp_path: Path) -> None:
    rows = [row("s/pick", str(n), "red" if n < 4 else "blue", ["red", "blue"] if n < 7 else ["blue", "red"])
            for n in range(10)]  # fmt: skip
    question_set = exam_of(tmp_path, "s/pick", rows)
    most = TASKS.score(question_set, {}, None).tables["tasks"]["s/pick"]["majority"]
    assert most.value == 0.7  # (a) is right for red in 4 and for blue in 3
    assert TASKS.score(question_set, {}, None).counts["missing"] == 10


def test_the_questions_asked_are_a_fixed_choice(tmp_path: Path) -> None:
    rows = [row("s/pick", str(n), "red") for n in range(50)]
    question_set = exam_of(tmp_path, "s/pick", rows)
    again = exam_of(tmp_path / "again", "s/pick", list(reversed(rows)))
    assert [q.id for q in question_set.first(7).questions] == [q.id for q in again.first(7).questions]
    assert len(question_set.first(7).questions) == 7
    with pytest.raises(FileNotFoundError, match="build instances first"):
        TASKS.load(tree(tmp_path / "nowhere"))


def figure(hits: int, n: int) -> Figure:
    low, high = wilson(hits, n)
    return Figure(value=hits / n, low=low, high=high, n=n)


def test_learned_takes_ten_points_apart_from_the_better_of_base_and_majority() -> None:
    learned = verdict(figure(10, 200), figure(140, 200), figure(100, 200))
    assert learned == Verdict(outcome="learned", why="+20 points against majority")
    close = verdict(figure(130, 200), figure(140, 200), figure(100, 200))
    assert close == Verdict(outcome="not learned", why="+5 points against start")
    few = verdict(None, figure(149, 149), figure(1, 149))
    assert few == Verdict(outcome="no verdict", why="149 items, needs 150")
    apart = verdict(None, figure(86, 150), figure(70, 150))
    assert apart == Verdict(outcome="not learned", why="the interval overlaps that of majority")


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("(b)", 1.0), ("b)", 1.0), ("(b) a place", 1.0), (" (B) A place.", 1.0), ("(b) it is a place", 1.0),
        ("(b) a type of file", 0.0), ("(b) a placebo", 0.0), ("(a) a place", 0.0), ("a place", 1.0),
    ],
)  # fmt: skip
def test_a_letter_beside_the_words_of_another_option_is_not_right(
    answer: str, value: float, tmp_path: Path
) -> None:
    options = ["a type of file", "a place"]
    question_set = exam_of(tmp_path, "x/y", [row("x/y", "1", "a place", options)])
    assert right(question_set, answer) == value
