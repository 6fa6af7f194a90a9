from pathlib import Path
from typing import Any

import pytest

from tests.eval.trees import lines, tree
from vf_ray.eval.benchmark import QuestionSet
from vf_ray.eval.benchmarks.pope import OFFSETS, POPE
from vf_ray.eval.prompts import SHORT
from vf_ray.eval.rules.yes_no import of_first_sentence

Rows = list[dict[str, Any]]


def labels(n: int, word: str = "cat") -> Rows:
    return [
        {
            "question_id": k + 1, "image": f"{k // 6}.jpg", "text": f"Is there a {word} {k} in the image?",
            "label": "no" if k % 2 else "yes",
        }
        for k in range(n)
    ]  # fmt: skip


def write(root: Path, n: int = 12, random: int | None = None) -> QuestionSet:
    for split in OFFSETS:
        rows = labels(random if random and split == "random" else n, split)
        lines(root / "coco" / f"coco_pope_{split}.json", rows)
    return POPE.load(tree(root))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("no", "no"), ("No", "no"), ("yes, no", "no"),
         ("The answer is: no", "no"), ("not", "no"), ("No. Yes", "no"),
        ("NO", "yes"), ("No!", "yes"), ("Not", "yes"),
         ("No\nThere", "yes"), ("isn't", "yes"), ("cannot", "yes"),
        ("", "yes"), ("unanswerable", "yes"),
         ("3.5 no", "yes"), ("yes,no", "yes"), (".no", "yes"), ("a\tno", "yes"),
    ],
)  # fmt: skip
def test_an_answer_is_read_as_the_official_script_reads_it(answer: str, said: str) -> None:
    assert of_first_sentence(answer) == said


def test_figures_are_those_of_the_counts(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    first = [q.id for q in question_set.questions if q.category == "random"]
    answers = {q.id: q.gold for q in question_set.questions}
    answers |= dict.fromkeys(first[:3], "no")  # two false negatives
    found = POPE.score(question_set, answers, None)
    random = {key: round(figure.value, 4) for key, figure in found.tables["splits"]["random"].items()}
    assert random == {"f1": 0.8, "accuracy": round(10 / 12, 4), "precision": 1, "recall": round(4 / 6, 4),
                      "yes ratio": round(4 / 12, 4)}  # fmt: skip
    assert found.headline["mean f1"].value == pytest.approx((0.8 + 1 + 1) / 3)
    assert found.counts["unparsable"] == found.counts["missing"] == 0
    assert question_set.questions[0].prompt.endswith("in the image?" + SHORT)


def test_all_no_gives_what_the_formula_implies_and_says_so(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    found = POPE.score(question_set, {q.id: "No" for q in question_set.questions}, None)
    assert found.headline["mean f1"].value == 0
    assert found.headline["mean accuracy"].value == 0.5
    assert any("official script stops" in note for note in found.notes)


def test_a_missing_answer_is_wrong_and_counted(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    answers = {q.id: q.gold for q in question_set.questions[1:]}
    found = POPE.score(question_set, answers, None)
    assert found.counts["missing"] == 1
    assert found.tables["splits"]["random"]["recall"].value == pytest.approx(5 / 6)


def test_llava_answers_are_found_by_id_in_any_order(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    rows = [{"question_id": int(q.id), "prompt": q.prompt, "text": q.gold} for q in question_set.questions]
    answers = POPE.read(lines(tmp_path / "a.jsonl", reversed(rows)), question_set)
    assert POPE.score(question_set, answers, None).headline["mean f1"].value == 1


def test_the_official_answer_file_is_read_by_place(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    rows = [{"question": q.prompt.removesuffix(SHORT), "answer": q.gold} for q in question_set.questions]
    answers = POPE.read(lines(tmp_path / "a.jsonl", rows), question_set)
    assert POPE.score(question_set, answers, None).headline["mean accuracy"].value == 1
    with pytest.raises(ValueError, match="35 answers without question_id"):
        POPE.read(lines(tmp_path / "b.jsonl", rows[1:]), question_set)


def test_one_splits_official_answers_are_scored_by_themselves(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    rows = [
        {"question": q.prompt.removesuffix(SHORT), "answer": q.gold}
        for q in question_set.questions
        if q.category == "popular"
    ]
    found = POPE.score(question_set, POPE.read(lines(tmp_path / "a.jsonl", rows), question_set), None)
    assert found.headline["mean f1"].value == 1
    assert list(found.tables["splits"]) == ["popular"]
    assert found.counts["missing"] == 24
    assert "no answer to adversarial, random: left out of the means" in found.notes
    with pytest.raises(ValueError, match="neither to one split in its order"):
        POPE.read(lines(tmp_path / "b.jsonl", rows[::-1]), question_set)


def test_answers_to_the_other_random_split_are_refused(tmp_path: Path) -> None:
    question_set = write(tmp_path, random=3000)
    rows: Rows = [{"question_id": int(q.id), "text": "yes"} for q in question_set.questions]
    short = [row for row in rows if not 10_002_910 < row["question_id"] < 20_000_000]
    with pytest.raises(ValueError, match="2,910 random questions, the label files hold 3,000"):
        POPE.read(lines(tmp_path / "a.jsonl", short), question_set)
    POPE.read(lines(tmp_path / "a.jsonl", rows), question_set)
    with pytest.raises(ValueError, match="does not ask"):
        POPE.read(lines(tmp_path / "a.jsonl", rows), write(tmp_path, random=2910))


def test_answers_to_other_questions_are_refused_by_their_text(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    rows = [{"question_id": int(q.id), "prompt": q.prompt, "text": "yes"} for q in question_set.questions]
    rows[5]["prompt"] = "Is there a dog in the image?" + SHORT
    with pytest.raises(
        ValueError, match=r"a\.jsonl question 10000006 is .*a dog.*, the label files say '.* random 5"
    ):
        POPE.read(lines(tmp_path / "a.jsonl", rows), question_set)


def test_mixed_question_and_label_files_are_refused(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    asked = [
        {"question_id": int(q.id), "text": q.prompt, "category": q.category} for q in question_set.questions
    ]
    lines(tmp_path / "llava_pope_test.jsonl", asked)
    POPE.load(tree(tmp_path))
    lines(tmp_path / "llava_pope_test.jsonl", asked[:-1])
    with pytest.raises(ValueError, match="lacks question"):
        POPE.load(tree(tmp_path))
    lines(tmp_path / "llava_pope_test.jsonl", [*asked, {**asked[-1], "question_id": 99}])
    with pytest.raises(ValueError, match="holds question 99"):
        POPE.load(tree(tmp_path))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question_id": 1, "text": "a"}, "twice"),
        ({"question_id": 7_000, "text": "a"}, "does not ask"),
        ({"question_id": 2}, "no answer"),
    ],
)
def test_bad_records_are_refused_by_name(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    question_set = write(tmp_path)
    with pytest.raises(ValueError, match=message):
        POPE.read(lines(tmp_path / "a.jsonl", [{"question_id": 1, "text": "yes"}, row]), question_set)


def test_a_missing_value_is_an_empty_answer_and_counted(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    path = tmp_path / "a.jsonl"
    path.write_text('{"question_id": 1, "text": NaN}\n\n{"question_id": 2, "text": null}\n')
    found = POPE.score(question_set, POPE.read(path, question_set), None)
    assert found.counts["empty"] == 2
    assert found.counts["missing"] == 34


def test_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"coco_pope_random\.json"):
        POPE.load(tree(tmp_path))
    question_set = write(tmp_path)
    (tmp_path / "a.jsonl").write_text('{"question_id": 1, "text": "yes"}\n{"question')
    with pytest.raises(ValueError, match=r"a\.jsonl line 2 is not JSON"):
        POPE.read(tmp_path / "a.jsonl", question_set)
    lines(tmp_path / "coco" / "coco_pope_random.json", [{"text": "x", "image": "1.jpg", "label": "maybe"}])
    with pytest.raises(ValueError, match="label 'maybe'"):
        POPE.load(tree(tmp_path))


def test_images_come_from_where_coco_keeps_them(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    (tmp_path / "val2014").mkdir()
    (tmp_path / "val2014" / "0.jpg").write_bytes(b"image")
    assert (image := question_set.questions[0].image) is not None
    assert image() == b"image"


@pytest.mark.parametrize(
    ("answer", "neither"),
    [("Yes.", False), ("NO", False), ("There isn't", False), ("It is not there", False),
     ("unanswerable", True), ("", True), ("nothing", True), ("\u2028", True)],
)  # fmt: skip
def test_an_answer_that_says_neither_is_counted_as_such(tmp_path: Path, answer: str, neither: bool) -> None:
    question_set = write(tmp_path)
    found = POPE.score(question_set, {q.id: answer for q in question_set.questions})
    assert found.counts["neither"] == (len(question_set.questions) if neither else 0)
    assert any("say neither yes nor no, and count as yes" in note for note in found.notes) == neither
