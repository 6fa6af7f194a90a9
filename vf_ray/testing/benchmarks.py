"""What every benchmark promises, on its official files in miniature."""

import contextlib
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from vf_ray.errors import MendableError
from vf_ray.eval import scoring
from vf_ray.eval.benchmark import Benchmark, Figure, QuestionSet, Score
from vf_ray.raw.tree import RawTree

ODD = ("", "no", "Yes", "A", "nonsense", "A\tB\nC | D", "nan", "\u2028<&>'\"")
"""Answers that are none, or may be."""


def check_benchmark(benchmark: Benchmark, write: Callable[[Path], Any], root: Path) -> None:
    """Hold a benchmark that needs no judge to everything below; ``write`` lays its files into a folder.

    Raises:
        AssertionError: naming what is broken.
    """
    write(root / "data")
    question_set = benchmark.question_set(RawTree.of(str(root / "data")))
    questions_can_be_asked(question_set)
    right = scored(benchmark, question_set, {q.id: q.gold for q in question_set.questions})
    first, figure = next(iter(right.headline.items()))
    strange = {*benchmark.better} - {*right.headline}
    assert not strange, f"{benchmark.name}: better names {strange}, no headline figures"
    most = 100 if "%" in first else figure.high
    assert figure.value == most, f"{benchmark.name}: right answers come to {figure.value} of {first}"
    nothing_answered_is_missing(benchmark, question_set)
    for answer in ODD:
        any_answer_gives_figures(benchmark, question_set, answer)
    choices_are_named(right)
    fields_are_refused_by_name(benchmark, root / "data")
    missing_files_are_named(benchmark, root / "empty")


def scored(benchmark: Benchmark, question_set: QuestionSet, answers: Mapping[str, str]) -> Score:
    """Return the score of some answers without a judge."""
    return scoring.score(benchmark, question_set, answers, None)


def questions_can_be_asked(question_set: QuestionSet) -> None:
    """Every question is worded, without blanks around it, and its picture opens."""
    for question in question_set.questions:
        assert question.prompt and question.prompt.strip() == question.prompt, question
        if question.image is not None:
            assert question.image_id, f"{question.id} has an image, and no image_id"
            with Image.open(io.BytesIO(question.image())) as image:
                image.load()


def nothing_answered_is_missing(benchmark: Benchmark, question_set: QuestionSet) -> None:
    """What is not answered is wrong and counted as missing, and as nothing else."""
    score = scored(benchmark, question_set, {})
    counts = {name: score.counts[name] for name in ("missing", "empty", "fallback")}
    assert counts == {"missing": len(score.items), "empty": 0, "fallback": 0}, counts


def any_answer_gives_figures(benchmark: Benchmark, question_set: QuestionSet, answer: str) -> None:
    """Whatever is answered, figures are finite, lie in their intervals, and empty answers are counted."""
    score = scored(benchmark, question_set, {q.id: answer for q in question_set.questions})
    for figure in figures(score):
        assert figure.low <= figure.value <= figure.high, (benchmark.name, answer, figure)
        assert all(map(math.isfinite, (figure.low, figure.value, figure.high))), (answer, figure)
    assert score.counts["missing"] == 0, (answer, score.counts)
    empty = 0 if answer else len(question_set.questions)
    assert score.counts["empty"] == empty, (answer, score.counts)


def figures(score: Score) -> Iterator[Figure]:
    """Yield every figure of a score."""
    yield from score.headline.values()
    for rows in score.tables.values():
        for columns in rows.values():
            yield from columns.values()


def choices_are_named(score: Score) -> None:
    """A result says whose rule it follows."""
    named = any(note.startswith(("rule:", "prompt and judge request:")) for note in score.notes)
    assert named, 'give QuestionSet a note that begins with "rule:" and says whose rule it is'


def missing_files_are_named(benchmark: Benchmark, empty: Path) -> None:
    """An empty folder is refused by what it lacks."""
    empty.mkdir(parents=True, exist_ok=True)
    try:
        benchmark.load(RawTree.of(str(empty)))
    except FileNotFoundError as error:
        assert "download" in str(error), "find files by vf_ray.eval.files.one_of"
    else:
        raise AssertionError(f"{benchmark.name} asks something of an empty folder")


def fields_are_refused_by_name(benchmark: Benchmark, folder: Path) -> None:
    """A field of JSON that is absent or of another kind is refused in a line, or not needed."""
    for path in [path for path in folder.rglob("*") if path.suffix in (".json", ".jsonl")]:
        whole = path.read_bytes()
        for data in list(documents(path)):
            path.write_bytes(data)
            with contextlib.suppress(MendableError):  # and nothing else
                question_set = benchmark.question_set(RawTree.of(str(folder)))
                scored(benchmark, question_set, {question.id: "yes" for question in question_set.questions})
        path.write_bytes(whole)


def documents(path: Path) -> Iterator[bytes]:
    """Yield a file of JSON, or of JSON lines, with one thing changed; nothing of another."""
    lines = path.read_text().splitlines()
    with contextlib.suppress(json.JSONDecodeError):
        yield from (json.dumps(data).encode() for data in changed(json.loads(path.read_text())))
        return
    with contextlib.suppress(json.JSONDecodeError):
        for data in changed(json.loads(lines[0])):
            yield "\n".join([json.dumps(data), *lines[1:]]).encode()


def changed(value: Any, depth: int = 0) -> Iterator[Any]:
    """Yield JSON data with one key gone, or one value of another kind, and lists without their first item."""
    inside = (
        value if isinstance(value, dict) else dict(enumerate(value[:1])) if isinstance(value, list) else {}
    )
    for key in inside:
        others = [None, [], "x", *(changed(value[key], depth + 1) if depth < 4 else ())]
        for other in others:
            copy = value.copy()
            copy[key] = other
            yield copy
        copy = value.copy()
        del copy[key]
        yield copy
