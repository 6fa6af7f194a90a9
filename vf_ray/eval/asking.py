"""Answers as files: what is answered is kept and never asked again, what has an error is.

A chunk of questions has one file for each time that some of it was answered. Errors that asking again
cannot mend are kept as answers are.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import count, takewhile

from vf_ray.artifacts import Artifact, Writer
from vf_ray.eval.benchmark import Answered, Engine, Question
from vf_ray.eval.item_lines import lines
from vf_ray.eval.unusable import stop_if_alike

CHUNK = 64
"""Questions of one file: what a kill may lose. Another number is another layout of ``answers``."""


class Incomplete(Exception):  # noqa: N818  # no fault
    """Something had an error: the artifact stays unfinished, and the next run goes on with it."""


def in_order(questions: Sequence[Question]) -> list[Question]:
    """Return questions so that neighbours share a picture, else a length and a kind; longest first."""
    longest: dict[tuple[str, str], int] = {}
    for q in questions:
        group = (q.category, q.image_id or q.id)
        longest[group] = max(longest.get(group, 0), len(q.prompt))

    def place(q: Question) -> tuple[str, int, str, int, str]:
        image = q.image_id or q.id
        return q.category, -longest[q.category, image], image, -len(q.prompt), q.id

    return sorted(questions, key=place)


def chunks(questions: Sequence[Question]) -> Iterator[tuple[str, list[Question]]]:
    """Yield file name and questions of each chunk."""
    ordered = in_order(questions)
    for number, start in enumerate(range(0, len(ordered), CHUNK)):
        yield f"answers-{number:05d}.jsonl", ordered[start : start + CHUNK]


def answer(
    writer: Writer, name: str, engine: Callable[[], Engine], questions: Sequence[Question], batch: int
) -> list[Answered]:
    """Answer what of a chunk has no answer yet; return what became of each question, in order.

    Raises:
        Unserved: if (nearly) all of it is refused with the same words.
    """
    files = parts(writer, name)
    answered_before = {row.id: row for file in files for row in _read(writer.read(file))}
    missing = [question for question in questions if question.id not in answered_before]
    if missing:
        asked = engine()
        new = {row.id: row for row in asked.answers(missing, batch)}
        writer.commit(part(name, len(files) + 1), lines([asdict(r) for r in new.values() if not r.again]))
        answered_before |= new
        stop_if_alike(asked.name, [row.error for row in new.values() if row.again], len(questions))
    return [answered_before[question.id] for question in questions]


def part(name: str, number: int) -> str:
    """Return the file of a chunk's first, second ... asking, which no kill renames."""
    return name if number == 1 else f"{name.removesuffix('.jsonl')}.{number}.jsonl"


def parts(writer: Writer, name: str) -> list[str]:
    """Return the files of a chunk that are there already, whichever attempt wrote them."""
    numbered = (part(name, number) for number in count(1))
    return list(takewhile(lambda file: writer.committed(file) is not None, numbered))


def answered(artifact: Artifact) -> list[Answered]:
    """Return what became of each question."""
    return [row for name in artifact.names() for row in _read(artifact.read(name))]


def _read(data: bytes) -> list[Answered]:
    return [Answered(**json.loads(line)) for line in data.decode().split("\n") if line]
