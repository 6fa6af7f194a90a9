from pathlib import Path

import pytest

from tests.eval.trees import lines, tree
from vf_ray.eval.benchmark import QuestionSet
from vf_ray.eval.benchmarks.mme import COGNITION, MME, PERCEPTION
from vf_ray.eval.prompts import SHORT
from vf_ray.eval.rules.yes_no import of_first_characters


def write(root: Path, num_images: int = 3, nested: bool = False) -> QuestionSet:
    for task in (*PERCEPTION, *COGNITION):
        folder = root / "MME_Benchmark_release_version" / task
        texts = folder / "questions_answers_YN" if nested else folder
        images = folder / "images" if nested else folder
        texts.mkdir(parents=True, exist_ok=True)
        images.mkdir(exist_ok=True)
        for n in range(num_images):
            (images / f"{n}.png").write_bytes(b"image")
            (texts / f"{n}.txt").write_text(
                f"Is there {n}? Please answer yes or no.\tYes\n"
                f"Is there no {n}? Please answer yes or no.\tNo\n"
            )
    return MME.load(tree(root))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Yes", "yes"), ("no", "no"), ("know what", "no"), ("none", "no"), ("not", "no"), ("snow", "no"),
        ("noyes", "no"), ("eyes", "yes"), ("nyes", "yes"), ("yes, no", "yes"), ("The answer is yes", ""),
        ("**Yes**", ""), ("I know", ""), ("y", ""), ("", ""), (" no", "no"), ("  no", "no"), ("   no", ""),
    ],
)  # fmt: skip
def test_an_answer_is_read_by_its_first_four_characters(answer: str, said: str) -> None:
    assert of_first_characters(answer) == said


@pytest.mark.parametrize("nested", [False, True])
def test_scores_add_accuracy_and_both_right(tmp_path: Path, nested: bool) -> None:
    question_set = write(tmp_path, nested=nested)
    assert len(question_set.questions) == 14 * 6
    answers = {q.id: q.gold for q in question_set.questions}
    assert MME.score(question_set, answers, None).headline["perception"].value == pytest.approx(2000)
    answers["count/1.png#0"] = "no"
    found = MME.score(question_set, answers, None)
    assert found.tables["subtasks"]["count"]["score"].value == pytest.approx(100 * 5 / 6 + 100 * 2 / 3)
    assert found.headline["perception"].value == pytest.approx(1800 + 150)
    assert found.headline["cognition"].value == pytest.approx(800)
    assert found.headline["perception"].low <= 1950 <= found.headline["perception"].high
    assert question_set.questions[0].prompt == "Is there 0?" + SHORT
    image = question_set.questions[0].image
    assert image is not None
    assert image() == b"image"


def test_a_subtask_with_nothing_parsable_counts_nothing_and_says_so(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    found = MME.score(
        question_set, {q.id: "perhaps" for q in question_set.questions if q.category == "OCR"}, None
    )
    assert found.headline["total"].value == 0
    assert found.counts["unparsable"] == 6
    assert found.counts["missing"] == 78
    assert "OCR: no answer can be parsed" in " ".join(found.notes)


def test_the_official_result_folder_is_read(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    results = tmp_path / "results"
    results.mkdir()
    for task in (*PERCEPTION, *COGNITION):
        rows = [
            f"{n}.png\t{words} Please answer yes or no.\t{gold}\t{gold}, so\tI\tsay"
            for n in reversed(range(3))
            for words, gold in ((f"Is there {n}?", "Yes"), (f"Is there no {n}?", "No"))
        ]  # fmt: skip
        (results / f"{task}.txt").write_text("\n".join(rows) + "\n")
    answers = MME.read(results, question_set)
    assert answers["existence/2.png#1"] == "No, so\tI\tsay"
    assert MME.score(question_set, answers, None).headline["total"].value == pytest.approx(2800)
    (results / "OCR.txt").write_text("0.png\tIs there 0? Please answer yes or no.\tYes\nYes\n")
    with pytest.raises(ValueError, match=r"OCR\.txt line 1"):
        MME.read(results, question_set)


@pytest.mark.parametrize("folder", ["", "images/"])
def test_llavas_answers_are_matched_by_question(tmp_path: Path, folder: str) -> None:
    question_set = write(tmp_path)
    rows = [
        {"question_id": q.image_id.replace("/", f"/{folder}"), "prompt": q.prompt, "text": q.gold}
        for q in reversed(question_set.questions)
    ]
    answers = MME.read(lines(tmp_path / "a.jsonl", rows), question_set)
    assert MME.score(question_set, answers, None).headline["total"].value == pytest.approx(2800)
    with pytest.raises(ValueError, match="twice"):
        MME.read(lines(tmp_path / "a.jsonl", [rows[0], rows[0]]), question_set)
    rows[0]["prompt"] = "Is it?" + SHORT
    with pytest.raises(ValueError, match="does not ask"):
        MME.read(lines(tmp_path / "a.jsonl", rows), question_set)


def test_llavas_converted_results_are_matched_whatever_the_images_ending(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    results = tmp_path / "results"
    results.mkdir()
    (results / "color.txt").write_text("2.txt\tIs there 2?  Please answer yes or no.\tYes\tyes\n")
    assert MME.read(results, question_set) == {"color/2.png#0": "yes"}
    (results / "color.txt").write_text("2.txt\tIs there 2? Please answer yes or no.\tNo\tyes\n")
    with pytest.raises(ValueError, match=r"'no' as the truth of 'color/2\.png#0', this data 'yes'"):
        MME.read(results, question_set)
    (results / "color.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"no result file such as existence\.txt"):
        MME.read(results, question_set)


def test_blanks_inside_a_question_are_asked_as_they_are(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "MME_Benchmark_release_version" / "color" / "1.txt"
    path.write_text("Is  it  red?  Please answer yes or no.\tYes\r\nIs it? Please answer yes or no.\tNo\r\n")
    asked = {q.id: q.prompt for q in MME.load(tree(tmp_path)).questions}
    assert asked["color/1.png#0"] == "Is  it  red?" + SHORT


def test_damaged_and_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="MME"):
        MME.load(tree(tmp_path))
    write(tmp_path)
    (tmp_path / "MME_Benchmark_release_version" / "color" / "1.txt").write_text("Is it?\tYes\n")
    with pytest.raises(ValueError, match=r"color/1\.txt"):
        MME.load(tree(tmp_path))
