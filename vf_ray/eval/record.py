"""Scores as JSON: what ``scores.json`` and ``vf-ray score --json`` hold."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from vf_ray.errors import UserError
from vf_ray.eval.benchmark import Answers, Benchmark, Exam, Figure, Item, Judge, Score


def score(benchmark: Benchmark, exam: Exam, answers: Answers, judge: Judge | None = None) -> Score:
    """Score answers.

    Raises:
        ValueError: for an answer to a question that the exam does not ask.
    """
    unknown = set(answers) - {question.id for question in exam.questions}
    if unknown:
        raise UserError(f"{benchmark.name}: answer to {min(unknown)!r}, which this data does not ask")
    found = benchmark.score(exam, answers, judge)
    return replace(found, notes=(*found.notes, _judging(found.records))) if found.records else found


def _judging(records: Sequence[Mapping[str, Any]]) -> str:
    """Say who judged, as whom it answered, and the hash of what it was asked."""
    asked = hashlib.sha256("".join(r["prompt_sha256"] for r in records).encode()).hexdigest()[:16]
    versions = sorted({r["version"] for r in records if r["version"]})
    told = f"judged by {records[0]['judge']}" + (f", answering as {', '.join(versions)}" if versions else "")
    return f"{told}: {len(records):,} requests, sha256 {asked}"


def plain(benchmark: Benchmark, found: Score) -> dict[str, Any]:
    """Return a score without its items as JSON-ready data."""
    return {
        "benchmark": benchmark.name,
        "title": benchmark.title,
        "code": benchmark.code,
        "headline": figures(found.headline),
        "tables": {
            table: {row: figures(columns) for row, columns in rows.items()}
            for table, rows in found.tables.items()
        },
        "counts": dict(found.counts),
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
