import json
from pathlib import Path
from typing import Any

import pytest

from tests.eval.trees import lines, tree
from vf_ray.eval.benchmark import QuestionSet
from vf_ray.eval.benchmarks.scienceqa import SCIENCEQA, parse
from vf_ray.eval.benchmarks.seed_bench import SEED_BENCH


def seed(root: Path, images: bool = False) -> QuestionSet:
    rows = [
        {
            "question_id": str(n), "question_type_id": (1, 2, 10)[n % 3], "data_id": f"1234{n}",
            "data_type": "video" if n % 3 == 2 else "image", "question": f"q{n}?", "choice_a": "w",
            "choice_b": "x", "choice_c": "y", "choice_d": "z", "answer": "ABCD"[n % 4],
        }
        for n in range(6)
    ]  # fmt: skip
    kinds = {"Scene Understanding": 1, "Instance Identity": 2, "Action Recognition": 10}
    (root / "SEED-Bench.json").write_text(json.dumps({"question_type": kinds, "questions": rows}))
    if images:
        (root / "SEED-Bench-image").mkdir()
        (root / "SEED-Bench-image" / "12340").write_bytes(b"no extension")
    return SEED_BENCH.load(tree(root))


def test_seed_takes_the_exact_letter_only(tmp_path: Path) -> None:
    question_set = seed(tmp_path)
    answers = {q.id: q.gold for q in question_set.questions} | {"0": "a", "1": "B."}
    found = SEED_BENCH.score(question_set, answers, None)
    assert found.headline["all %"].value == pytest.approx(400 / 6)
    assert found.headline["video %"].value == 100
    assert found.tables["categories"]["Scene Understanding"]["accuracy %"].value == 50
    assert found.counts["unparsable"] == 2
    assert question_set.questions[0].prompt == (
        "q0?\nA. w\nB. x\nC. y\nD. z\nAnswer with the option's letter from the given choices directly."
    )


def test_seed_can_score_and_not_ask_videos_whose_frames_are_not_named(tmp_path: Path) -> None:
    question_set = seed(tmp_path, images=True)
    lacking = [question.id for question in question_set.questions if question.lacks]
    assert lacking == ["2", "5"]
    assert "llava-seed-bench.jsonl" in question_set.questions[2].lacks
    assert SEED_BENCH.score(question_set, {"2": "C"}, None).headline["video %"].value == 50
    image = question_set.questions[0].image
    assert image is not None
    assert image() == b"no extension"
    named = [{"question_id": str(n), "image": f"SEED-Bench-video-image/{n}.png"} for n in range(6)]
    lines(tmp_path / "llava-seed-bench.jsonl", named)
    assert not any(question.lacks for question in SEED_BENCH.load(tree(tmp_path)).questions)


def test_seed_with_no_right_answer_of_a_kind_gives_zero(tmp_path: Path) -> None:
    question_set = seed(tmp_path)
    found = SEED_BENCH.score(question_set, {"0": "D"}, None)  # the official conversion stops at both
    assert found.headline["all %"].value == 0
    assert found.counts["missing"] == 5


@pytest.mark.parametrize(
    ("answer", "letter"),
    [("A", "A"), ("A. x", "A"), ("A.", ""), ("a", ""), ("(A)", ""), ("A: x", ""), ("A. ", "A"),
    ("The answer is B.", "B"),
     ("The answer is B", ""), ("So The answer is C, I think", "C"),
     ("The answer is A. The answer is B.", ""), ("", "")],
)  # fmt: skip
def test_scienceqa_reads_answers_as_llavas_script(answer: str, letter: str) -> None:
    assert parse(answer) == letter


def scienceqa(root: Path) -> QuestionSet:
    problems: dict[str, Any] = {
        str(n): {
            "question": f"q{n}?", "choices": ["x", "y"] if n < 3 else ["x", "y", "z"], "answer": n % 2,
            "hint": "h" if n % 2 else "", "image": "image.png" if n >= 2 else None,
            "subject": "natural science",
        }
        for n in range(4)
    }  # fmt: skip
    (root / "problems.json").write_text(json.dumps(problems))
    (root / "pid_splits.json").write_text(json.dumps({"train": [], "test": list(problems)}))
    return SCIENCEQA.load(tree(root))


def test_scienceqa_counts_images_among_the_answered(tmp_path: Path) -> None:
    question_set = scienceqa(tmp_path)
    found = SCIENCEQA.score(question_set, {"0": "A", "1": "C", "3": "B. y"}, None)
    assert found.headline["accuracy %"].value == 50
    assert found.headline["IMG accuracy %"].value == 100
    assert found.headline["IMG accuracy %"].n == 1
    assert found.items[1].parsed == ""  # C is no option of that question
    assert question_set.questions[1].prompt == (
        "Context: h\nq1?\nA. x\nB. y\nAnswer with the option's letter from the given choices directly."
    )


def test_scienceqa_takes_llavas_words_where_they_are(tmp_path: Path) -> None:
    scienceqa(tmp_path)
    asked = [
        {
            "id": "2",
            "image": "2/image.png",
            "conversations": [{"from": "human", "value": "<image>\nContext: N/A\nq"}],
        }
    ]
    (tmp_path / "llava_test_CQM-A.json").write_text(json.dumps(asked))
    question_set = SCIENCEQA.load(tree(tmp_path))
    assert question_set.questions[2].prompt.startswith("Context: N/A\nq\nAnswer with")
    (tmp_path / "pid_splits.json").write_text(json.dumps({"test": ["9"]}))
    with pytest.raises(ValueError, match="problem 9"):
        SCIENCEQA.load(tree(tmp_path))
