import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.eval.trees import tree
from vf_ray.eval.benchmark import QuestionSet
from vf_ray.eval.benchmarks.mmmu import DOMAINS, MMMU, SEED
from vf_ray.eval.rules.mmmu import candidates, chosen, is_right

OPTIONS = ("a red house", "a blue cat", "two dogs", "nothing")


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("A", "A"), ("(B)", "B"), ("B.", "B"), ("The answer is C", "C"),
        ("(A) or rather (B)", "B"), ("A B", "B"),
        ("A) text", ""), ("A.text", ""), ("Option:A", ""), ("b", ""), ('"B"', ""), ("**B**", ""), ("", ""),
        ("I would say that it is two dogs", "C"), ("it is two dogs", ""), (".,A", ""), (",.A", "A"),
        ("red house is not there, but a BLUE CAT and two dogs are", "C"),
        ("there is A BLUE CAT and two dogs", "A"), ("B, that is (A)", "A"),
    ],
)  # fmt: skip
def test_a_letter_is_found_as_by_the_official_script(answer: str, letter: str) -> None:
    assert chosen(answer, OPTIONS) == letter


@pytest.mark.parametrize(
    ("answer", "gold", "right"),
    [
        ("The result is 1,234.", "1234", True), ("about 1e3", "1000", True), ("x = 2.504", "2.5", True),
        ("so the answer is Paris. I hope", "paris", True),
        ("It could be the Eiffel tower", "Eiffel Tower", True),
        ("-3", "3", False), ("12", "2", False), ("the letter x", "x", True), ("xylophone", "x", False),
        ("It is blue.\nNo: it is red", "red", True), ("", "nothing", False), ("thus = 7", "7", True),
    ],
)  # fmt: skip
def test_an_open_answer_is_judged_as_by_the_official_script(answer: str, gold: str, right: bool) -> None:
    assert is_right(candidates(answer), [gold]) == right


def row(identity: str, **more: Any) -> dict[str, Any]:
    return {
        "id": identity, "question": "What is in <image 1>?", "options": str(list(OPTIONS)), "answer": "B",
        "question_type": "multiple-choice", "image_1": {"bytes": identity.encode(), "path": "1.png"}, **more,
    }  # fmt: skip


def write(root: Path) -> QuestionSet:
    tables = {
        "Art": [row(f"validation_Art_{n}") for n in range(4)],
        "Art_Theory": [
            row("validation_Art_Theory_1", options="[]", answer="['24/7', '3.43']", question_type="open"),
            row("validation_Art_Theory_2", options="['<image 1>', '<image 2>']", answer="A"),
        ],
    }
    for name, rows in tables.items():
        (root / "MMMU" / name).mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows), root / "MMMU" / name / "validation-00000-of-00001.parquet")
    return MMMU.load(tree(root))


def test_prompts_and_images_are_the_official_ones(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    by_id = {q.id: q for q in question_set.questions}
    assert by_id["validation_Art_1"].prompt == (
        "What is in <image 1>?\n(A) a red house\n(B) a blue cat\n(C) two dogs\n(D) nothing\n\n"
        "Answer with the option's letter from the given choices directly."
    )
    assert by_id["validation_Art_Theory_1"].prompt.endswith(
        "?\nAnswer the question using a single word or phrase."
    )
    assert by_id["validation_Art_Theory_2"].image is None
    image = by_id["validation_Art_2"].image
    assert image is not None
    assert image() == b"validation_Art_2"


def test_unparsable_letters_are_the_official_draws_and_counted(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    found = MMMU.score(
        question_set, {q.id: "who knows" for q in question_set.questions if q.category == "Art"}, None
    )
    official = random.Random(SEED)
    assert [item.parsed for item in found.items[:4]] == [official.choice("ABCD") for _ in range(4)]
    assert found.counts["fallback"] == 4
    assert found.counts["missing"] == 2
    assert found.headline["accuracy %"].n == 4  # the official scripts know only the answers that are there
    assert any("2 missing answers are left out" in note and "16.7 %" in note for note in found.notes)


def test_figures_by_subject_and_domain(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    answers = {q.id: "B" for q in question_set.questions} | {
        "validation_Art_Theory_1": "open around the clock, 24/7"
    }
    found = MMMU.score(question_set, answers, None)
    assert found.headline["accuracy %"].value == pytest.approx(500 / 6)
    assert found.tables["subjects"]["Art_Theory"]["accuracy %"].value == 50
    assert found.tables["domains"]["Art and Design"]["accuracy %"].n == 6
    assert sum(map(len, DOMAINS.values())) == 30


def test_answers_are_read_from_each_official_file(tmp_path: Path) -> None:
    question_set = write(tmp_path)
    whole = tmp_path / "total_val_output.json"
    whole.write_text(json.dumps({q.id: "B" for q in question_set.questions}))
    expected = MMMU.read(whole, question_set)
    assert len(expected) == 6
    for name in ("Art", "Art_Theory"):
        (tmp_path / "out" / name).mkdir(parents=True)
        records = [{"id": q.id, "response": "B"} for q in question_set.questions if q.category == name]
        (tmp_path / "out" / name / "output.json").write_text(json.dumps(records))
    assert MMMU.read(tmp_path / "out", question_set) == expected
    whole.write_text('{"validation_Art_0": "A", "validation_Art_0": "B"}')
    with pytest.raises(ValueError, match="'validation_Art_0' twice"):
        MMMU.read(whole, question_set)


def test_the_images_of_a_table_are_read_together(tmp_path: Path) -> None:
    one, other = (q.image for q in write(tmp_path).questions[:2])
    assert one and other
    assert one() == b"validation_Art_0"
    (tmp_path / "MMMU" / "Art" / "validation-00000-of-00001.parquet").unlink()
    assert other() == b"validation_Art_1"


def test_the_answer_dictionary_alone_scores_letters_only(tmp_path: Path) -> None:
    golds = {
        "validation_Art_1": {"question_type": "multiple-choice", "ground_truth": "C"},
        "validation_Art_2": {"question_type": "short-answer", "ground_truth": ["7", "seven"]},
    }
    (tmp_path / "answer_dict_val.json").write_text(json.dumps(golds))
    question_set = MMMU.load(tree(tmp_path))
    found = MMMU.score(question_set, {"validation_Art_1": "(C)", "validation_Art_2": "It is 7"}, None)
    assert [item.value for item in found.items] == [0, 1]
    with pytest.raises(FileNotFoundError, match="answer_dict_val"):
        MMMU.load(tree(tmp_path / "none"))
