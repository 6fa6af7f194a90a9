"""Scores as JSON: what ``scores.json`` and ``vf-ray score --json`` hold."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from vf_ray.errors import UserError
from vf_ray.eval.benchmark import Answers, Benchmark, Figure, Item, Judge, QuestionSet, Score


def score(
    benchmark: Benchmark, question_set: QuestionSet, answers: Answers, judge: Judge | None = None
) -> Score:
    """Score answers.

    Raises:
        ValueError: for an answer to a question that the exam does not ask.
    """
    unknown = set(answers) - {question.id for question in question_set.questions}
    if unknown:
        raise UserError(f"{benchmark.name}: answer to {min(unknown)!r}, which this data does not ask")
    found = benchmark.score(question_set, answers, judge)
    return replace(found, notes=(*found.notes, _judging(found.records))) if found.records else found


def _judging(records: Sequence[Mapping[str, Any]]) -> str:
    """Say who judged, as whom it answered, and the hash of what it was asked."""
    asked = hashlib.sha256("".join(r["prompt_sha256"] for r in records).encode()).hexdigest()[:16]
    versions = sorted({r["version"] for r in records if r["version"]})
    told = f"judged by {records[0]['judge']}" + (f", answering as {', '.join(versions)}" if versions else "")
    more = [*sorted({r["how"] for r in records if r.get("how")}), *_monotonous(records)]
    return "; ".join([f"{told}: {len(records):,} requests, sha256 {asked}", *more])


def _monotonous(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say so where a judge always says the same, which no judge does that reads what it is asked."""
    replies = {r["reply"] for r in records if r["reply"] is not None}
    different = len({r["prompt_sha256"] for r in records})
    if len(replies) > 1 or different < FEWEST_ALIKE:
        return []
    return [f"every reply is the same: {str(*replies)[:SHOWN]!r}"]


FEWEST_ALIKE = 20
"""Different requests whose replies may be alike by chance."""
SHOWN = 60
"""Characters of a reply that a note repeats."""


def plain(benchmark: Benchmark, found: Score) -> dict[str, Any]:
    """Return a score without its items as JSON-ready data."""
    return {
        "benchmark": benchmark.name,
        "title": benchmark.title,
        "headline": figures(found.headline),
        "tables": {
            table: {row: figures(columns) for row, columns in rows.items()}
            for table, rows in found.tables.items()
        },
        "counts": dict(found.counts),
        "unusable": {what: asdict(unusable) for what, unusable in found.unusable.items()},
        "notes": list(found.notes),
    }


def figures(found: Mapping[str, Figure]) -> dict[str, dict[str, float]]:
    """Return figures as JSON-ready data, rounded to what 64-bit sums can promise."""
    return {
        name: {key: round(value, 9) if key != "n" else value for key, value in asdict(figure).items()}
        for name, figure in found.items()
    }


def parsed(items: Sequence[Item]) -> list[dict[str, Any]]:
    """Return the parse of each item as JSON-ready data."""
    return [asdict(item) for item in items]


def lines(records: Sequence[Mapping[str, Any]]) -> bytes:
    """Return records as JSON lines."""
    return "".join(json.dumps(r, sort_keys=True, ensure_ascii=False) + "\n" for r in records).encode()


def items_of(data: bytes) -> list[Item]:
    """Return the items that ``lines(parsed(...))`` wrote."""
    return [Item(**json.loads(line)) for line in data.decode().split("\n") if line]
