"""What every published benchmark owes, tried on its official files in miniature."""

import contextlib
import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.eval.miniatures import WRITERS
from tests.eval.test_mmbench import Oracle
from tests.eval.trees import lines, tree
from vf_ray.errors import MendableError
from vf_ray.eval import scoring
from vf_ray.eval.benchmark import Benchmark, QuestionSet, Score
from vf_ray.eval.benchmarks import catalogue, get
from vf_ray.eval.item_lines import from_lines, to_lines
from vf_ray.eval.question_sets import fingerprint
from vf_ray.testing.benchmarks import documents, figures

Case = tuple[Benchmark, QuestionSet]
TABLES = {".parquet", ".tsv", ".csv"}
TEXTS = {".json", ".jsonl", ".tsv", ".csv", ".txt", ".parquet"}


@pytest.fixture(params=sorted(set(catalogue()) & set(WRITERS)))
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    WRITERS[request.param](tmp_path / "data")
    benchmark = get(request.param)
    return benchmark, benchmark.load(tree(tmp_path / "data"))


def scored(case: Case, answers: Mapping[str, str]) -> Score:
    benchmark, question_set = case
    judge = Oracle("8 9\nRating: 5") if benchmark.needs_judge else None
    return scoring.score(benchmark, question_set, answers, judge)


def llava_records(case: Case, text: str = "yes") -> list[dict[str, Any]]:
    """Return answers as LLaVA's scripts write them."""
    return [
        {"question_id": getattr(q.meta, "llava", q.id), "prompt": q.prompt, "text": text, "model_id": "m"}
        for q in case[1].questions
    ]


def test_questions_are_unique_worded_and_their_images_open(case: Case) -> None:
    questions = case[1].questions
    assert questions
    assert len({q.id for q in questions}) == len(questions)
    for question in questions:
        assert question.prompt.strip() == question.prompt
        if question.image is not None:
            assert question.image_id
            with Image.open(io.BytesIO(question.image())) as opened:
                assert opened.convert("RGB").size == (24, 16)


def test_the_same_files_ask_the_same(case: Case, tmp_path: Path) -> None:
    assert fingerprint(case[1]) == fingerprint(case[0].load(tree(tmp_path / "data")))


@pytest.mark.parametrize(
    "answer", ["", "no", "No", "Yes", "A", "nonsense", "A\tB\nC | D", "nan", "\u2028<&>'\""]
)
def test_whatever_is_answered_gives_finite_figures_inside_their_intervals(case: Case, answer: str) -> None:
    found = scored(case, {q.id: answer for q in case[1].questions})
    for figure in figures(found):
        assert figure.low <= figure.value <= figure.high
        assert all(map(math.isfinite, (figure.low, figure.value, figure.high)))
    json.dumps(asdict(found.figures()), allow_nan=False)
    assert from_lines(to_lines(found.items)) == list(found.items)
    assert found.counts["missing"] == 0
    assert found.counts["empty"] == (len(case[1].questions) if not answer else 0)


def test_nothing_answered_is_all_missing_and_nothing_else(case: Case) -> None:
    found = scored(case, {})
    counts = {name: found.counts[name] for name in ("missing", "empty", "fallback")}
    assert counts == {"missing": len(found.items), "empty": 0, "fallback": 0}


def test_every_result_names_the_choice_it_made(case: Case) -> None:
    notes = scored(case, {q.id: "A" for q in case[1].questions}).notes
    named = any(note.startswith(("rule:", "prompt and judge request:")) for note in notes)
    assert named, 'give QuestionSet a note that begins with "rule:" and says whose rule it is'


def test_the_order_of_answers_does_not_matter(case: Case, tmp_path: Path) -> None:
    benchmark, question_set = case
    rows = llava_records(case)
    forth = benchmark.read(lines(tmp_path / "a.jsonl", rows), question_set)
    back = benchmark.read(lines(tmp_path / "b.jsonl", reversed(rows)), question_set)
    assert forth == back == {q.id: "yes" for q in question_set.questions}
    one, other = (scored(case, answers).figures() for answers in (forth, back))
    assert one == other


def test_an_answer_given_twice_or_to_nothing_is_refused(case: Case, tmp_path: Path) -> None:
    benchmark, question_set = case
    rows = llava_records(case)
    with pytest.raises(ValueError, match="twice"):
        benchmark.read(lines(tmp_path / "a.jsonl", [*rows, rows[0]]), question_set)
    rows[0]["question_id"] = "none/such.png"
    with pytest.raises(ValueError, match=r"does not ask|lack"):
        benchmark.read(lines(tmp_path / "a.jsonl", rows), question_set)
    with pytest.raises(ValueError, match=f"{benchmark.name}: answer to 'none'"):
        scoring.score(benchmark, question_set, {"none": "yes"})


def test_an_empty_folder_is_refused_by_what_it_lacks(case: Case, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"download"):  # find files by vf_ray.eval.files.one_of
        case[0].load(tree(tmp_path / "empty"))


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe", b'{"a"', b"null", b"3", b'["a"]', b'[{"a": 1}]', b'{"a": [1]}', b"[" * 10**5, b"9" * 5000],
)
def test_a_file_that_holds_no_answers_is_refused(case: Case, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(MendableError, match=r"a\.json"):
        case[0].read(tmp_path / "a.json", case[1])


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"{}", b'[{"x": 1}]'])
def test_a_file_of_the_benchmark_that_is_damaged_is_refused_or_not_needed(
    case: Case, tmp_path: Path, content: bytes
) -> None:
    texts = [path for path in (tmp_path / "data").rglob("*") if path.suffix in TEXTS]
    assert texts or case[0].name == "cf"
    for path in texts:
        whole = path.read_bytes()
        path.write_bytes(content)
        with contextlib.suppress(MendableError):  # and nothing else
            assert len(case[0].question_set(tree(tmp_path / "data")).questions) == len(case[1].questions)
        path.write_bytes(whole)


def altered(path: Path) -> Iterator[Callable[[], object]]:
    """Yield what takes a column of a table away, empties it, or fills it with what it never holds."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        for place, name in enumerate(table.column_names):
            yield partial(pq.write_table, table.drop_columns([name]), path)
            for value in (None, 3, "x", ["x"], b"\xff"):
                other = table.set_column(place, name, pa.array([value] * len(table)))
                yield partial(pq.write_table, other, path)
        yield partial(pq.write_table, pa.concat_tables([table, table]), path)
    elif path.suffix in (".tsv", ".csv"):
        mark = "\t" if path.suffix == ".tsv" else ","
        rows = list(csv.reader(io.StringIO(path.read_text()), delimiter=mark))
        for place in range(len(rows[0])):
            for value in ("", "x", "\u00e9", "["):
                cells = [rows[0], *([*row[:place], value, *row[place + 1 :]] for row in rows[1:])]
                yield partial(
                    path.write_text, "\n".join(mark.join(map(_quoted, row)) for row in cells) + "\n"
                )


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def test_a_column_that_is_absent_or_of_another_kind_is_refused_or_not_needed(
    case: Case, tmp_path: Path
) -> None:
    for path in [path for path in (tmp_path / "data").rglob("*") if path.suffix in TABLES]:
        whole = path.read_bytes()
        for alter in list(altered(path)):
            alter()
            with contextlib.suppress(MendableError):  # and nothing else
                question_set = case[0].question_set(tree(tmp_path / "data"))
                for question in question_set.questions:
                    if question.image is not None:
                        question.image()
                scored((case[0], question_set), {question.id: "yes" for question in question_set.questions})
        path.write_bytes(whole)


def test_a_field_that_is_absent_or_of_another_kind_is_refused_or_not_needed(
    case: Case, tmp_path: Path
) -> None:
    for path in [path for path in (tmp_path / "data").rglob("*") if path.suffix in (".json", ".jsonl")]:
        whole = path.read_bytes()
        for content in list(documents(path)):
            path.write_bytes(content)
            with contextlib.suppress(MendableError):  # and nothing else
                question_set = case[0].question_set(tree(tmp_path / "data"))
                scored((case[0], question_set), {question.id: "yes" for question in question_set.questions})
        path.write_bytes(whole)
