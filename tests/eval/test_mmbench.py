import base64
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.eval.trees import lines, tree, tsv
from vf_ray.eval.benchmark import QuestionSet
from vf_ray.eval.benchmarks.mmbench import MMBENCH
from vf_ray.eval.judge import Reply, Request
from vf_ray.eval.rules.options import infer

OPTIONS = {"A": "a red house", "B": "a blue cat", "C": "two dogs", "D": "nothing"}
IMAGE = base64.b64encode(b"a picture of some length, much longer than any index of a row").decode()


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("A", "A"), ("B.", "B"), ("(C)", "C"), ("D: nothing", "D"),
        ("**B**", "B"), ("[B]", "B"), ("B\ntext", "B"),
        ("The answer is d", "D"), ("the correct answer is **C", "C"),
        ("A cat is in the image", ""),
        ("I think it must be B", "B"),
        ("B is what I would have to say", ""),
        ("a blue cat", "B"), ("it is TWO DOGS!", "C"),
        ("two dogs or a blue cat", ""), ("A or B", ""),
        ("AB", ""), ("A/", ""), ('"B"', ""), ("E", ""), ("", ""),
        ("I can't process this file.", "Z"), ("Z", "Z"),
        ("Failed to obtain answer via API B", ""), ("b", ""),
        ("The answer is a blue cat", "A"), ("my answer  is **d", "D"),  # no end of the word is asked for
        ("so " * 40 + "two dogs", ""),
    ],
)  # fmt: skip
def test_a_letter_is_inferred_as_by_the_official_matcher(answer: str, letter: str) -> None:
    assert infer(answer, OPTIONS) == letter


def test_a_small_letter_may_be_an_options_text() -> None:
    assert infer("a", {"A": "A", "B": "second"}) == "A"
    for cell in ("", "NA", "None", "null"):  # read back as the word nan
        assert infer(cell, {"A": "nan", "B": "none"}) == "A"


def rows(groups: Sequence[int] = (3, 5), options: int = 3) -> list[dict[str, Any]]:
    """Return each question with all rotations of its options."""
    made = []
    for index in groups:
        texts = [f"text {index} {k}" for k in range(options)]
        for turn in range(options):
            turned = [texts[(k - turn) % options] for k in range(options)]
            cells = {letter: (turned[k] if k < options else "") for k, letter in enumerate("ABCD")}
            made.append(
                {
                    "index": index + turn * 1_000_000, "question": f"Question {index}?", "hint": "", **cells,
                    "answer": "ABCD"[turn], "category": "kind", "image": IMAGE if not turn else str(index),
                    "l2-category": "ability",
                }
            )  # fmt: skip
    return made


def exam_of(root: Path, table: list[dict[str, Any]]) -> QuestionSet:
    tsv(root / "mmbench_dev_20230712.tsv", table)
    return MMBENCH.load(tree(root))


def test_a_question_counts_only_if_every_rotation_is_right(tmp_path: Path) -> None:
    question_set = exam_of(tmp_path, rows())
    answers = {q.id: q.gold for q in question_set.questions}
    answers["5"] = "B"
    found = MMBENCH.score(question_set, answers, None)
    values = {key: figure.value for key, figure in found.headline.items()}
    assert values == {
        "circular accuracy %": 50,
        "first rotation %": 50,
        "all rows %": pytest.approx(500 / 6),
    }
    assert found.counts["groups"] == 2
    assert found.tables["abilities"]["ability"]["circular accuracy %"].value == 50


def test_prompt_and_image_are_llavas(tmp_path: Path) -> None:
    table = rows((3,))
    table[0]["hint"] = "Look closely."
    question_set = exam_of(tmp_path, table)
    assert question_set.questions[0].prompt == (
        "Look closely.\nQuestion 3?\nA. text 3 0\nB. text 3 1\nC. text 3 2\n"
        "Answer with the option's letter from the given choices directly."
    )
    assert all(q.image and q.image().startswith(b"a picture") for q in question_set.questions)


def test_options_that_pandas_reads_as_missing_vanish(tmp_path: Path) -> None:
    table = rows((3,), options=4)[:2]
    for row in table:
        row |= {"B": "None", "D": "after it"}
    question_set = exam_of(tmp_path, table)
    assert list(question_set.questions[0].meta.options) == ["A", "C", "D"]
    assert "\nB." not in question_set.questions[0].prompt  # LLaVA stops there
    assert "\nC." not in question_set.questions[0].prompt
    found = MMBENCH.score(question_set, {"3": "A", "1000003": "B"}, None)  # the second's truth has vanished
    assert [item.value for item in found.items] == [1, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [({"answer": ""}, "take the dev split"), ({"answer": "D"}, "options A, B, C"), ({"index": 5}, "twice")],
)  # fmt: skip
def test_tables_that_cannot_be_scored_are_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    table = rows()
    table[0] |= change
    with pytest.raises(ValueError, match=message):
        exam_of(tmp_path, table)


def test_two_versions_or_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="mmbench"):
        MMBENCH.load(tree(tmp_path))
    exam_of(tmp_path, rows())
    tsv(tmp_path / "mmbench_dev_en.tsv", rows())
    with pytest.raises(ValueError, match="one version"):
        MMBENCH.load(tree(tmp_path))


def test_answers_are_read_from_llava_and_from_sheets(tmp_path: Path) -> None:
    question_set = exam_of(tmp_path, rows())
    records = [{"question_id": int(q.id), "round_id": 0, "text": q.gold} for q in question_set.questions]
    expected = {q.id: q.gold for q in question_set.questions}
    assert MMBENCH.read(lines(tmp_path / "a.jsonl", records), question_set) == expected
    cells = [{"index": f"{q.id}.0", "prediction": q.gold} for q in question_set.questions]
    assert MMBENCH.read(tsv(tmp_path / "a.tsv", cells), question_set) == expected
    assert MMBENCH.read(xlsx(tmp_path / "a.xlsx", cells), question_set) == expected
    published = [{**cell, "answer": "the truth"} for cell in cells]
    assert MMBENCH.read(tsv(tmp_path / "b.tsv", published), question_set) == expected
    with pytest.raises(ValueError, match="no column 'prediction'; it has index, answer"):
        MMBENCH.read(tsv(tmp_path / "c.tsv", [{"index": "3", "answer": "A"}]), question_set)
    with pytest.raises(ValueError, match="not a whole xlsx"):
        (tmp_path / "b.xlsx").write_bytes(b"PK")
        MMBENCH.read(tmp_path / "b.xlsx", question_set)


def xlsx(path: Path, cells: list[dict[str, str]]) -> Path:
    """Write a sheet as spreadsheets do: shared texts, numbers as numbers."""
    texts = ["index", "prediction", *(row["prediction"] for row in cells)]
    head = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
    body = "".join(
        f'<row r="{n}"><c r="A{n}"><v>{row["index"]}</v></c><c r="B{n}" t="s"><v>{n}</v></c></row>'
        for n, row in enumerate(cells, start=2)
    )
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    with zipfile.ZipFile(path, "w") as book:
        sheet = f"<worksheet {space}><sheetData>{head}{body}</sheetData></worksheet>"
        book.writestr("xl/worksheets/sheet1.xml", sheet)
        shared = "".join(f"<si><t>{text}</t></si>" for text in texts)
        book.writestr("xl/sharedStrings.xml", f"<sst {space}>{shared}</sst>")
    return path


@dataclass
class Oracle:
    """A judge that says the same to everything and remembers what it was asked."""

    says: str | None
    name: str = "oracle-1"
    in_order: bool = False
    asked: list[Request] = field(default_factory=list)

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        self.asked += requests
        return [Reply(text=self.says, error="" if self.says else "gone") for _ in requests]


def test_only_what_the_rule_leaves_open_goes_to_the_judge(tmp_path: Path) -> None:
    question_set = exam_of(tmp_path, rows((3,)))
    answers = {"3": "A", "1000003": "neither", "2000003": "C"}
    assert MMBENCH.score(question_set, answers, None).counts["unparsable"] == 1
    judge = Oracle("B")
    found = MMBENCH.score(question_set, answers, judge)
    assert [request.id for request in judge.asked] == ["1000003"]
    assert found.headline["circular accuracy %"].value == 100
    assert found.records[0].reply.text == "B"
    assert found.counts["fallback"] == 0
    silent = MMBENCH.score(question_set, answers, Oracle(None))
    assert silent.counts["fallback"] == silent.counts["unparsable"] == 1
