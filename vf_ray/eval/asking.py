"""Answers as files: a chunk is asked once, and what was answered is read back."""

import json
from collections.abc import Callable, Iterator, Sequence

from vf_ray.artifacts import Artifact, Writer
from vf_ray.eval.benchmark import Answered, Engine, Question
from vf_ray.eval.record import lines

CHUNK = 64
"""Questions of one file: what a kill may lose. Another number is another layout of ``answers``."""


def in_order(questions: Sequence[Question]) -> list[Question]:
    """Return questions so that neighbours share a picture, else a length and a kind; longest first."""
    longest: dict[tuple[str, str], int] = {}
    for q in questions:
        group = (q.category, q.picture_id or q.id)
        longest[group] = max(longest.get(group, 0), len(q.prompt))

    def place(q: Question) -> tuple[str, int, str, int, str]:
        picture = q.picture_id or q.id
        return q.category, -longest[q.category, picture], picture, -len(q.prompt), q.id

    return sorted(questions, key=place)


def chunks(questions: Sequence[Question]) -> Iterator[tuple[str, list[Question]]]:
    """Yield file name and questions of each chunk."""
    ordered = in_order(questions)
    for number, start in enumerate(range(0, len(ordered), CHUNK)):
        yield f"answers-{number:05d}.jsonl", ordered[start : start + CHUNK]


def answer(
    writer: Writer, name: str, engine: Callable[[], Engine], questions: Sequence[Question], batch: int
) -> int:
    """Answer one chunk unless that is done; return how many questions could not be asked."""
    if writer.committed(name) is None:
        made = [{"id": a.id, "text": a.text, "error": a.error} for a in engine().answers(questions, batch)]
        writer.commit(name, lines(made))
    return sum(bool(answered.error) for answered in _read(writer.read(name)))


def answered(artifact: Artifact) -> list[Answered]:
    """Return what became of each question."""
    return [found for name in artifact.names() for found in _read(artifact.read(name))]


def _read(data: bytes) -> list[Answered]:
    return [Answered(**json.loads(line)) for line in data.decode().split("\n") if line]
