"""Answers scored by a benchmark's rule, with a note on who judged."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from vf_ray.errors import UserError
from vf_ray.eval.benchmark import Answers, Benchmark, QuestionSet, Score
from vf_ray.eval.judge import Judge, JudgedRequest

FEWEST_ALIKE = 20
"""Different requests whose replies may be alike by chance."""
SHOWN = 60
"""Characters of a reply that a note repeats."""


def score(
    benchmark: Benchmark, question_set: QuestionSet, answers: Answers, judge: Judge | None = None
) -> Score:
    """Score answers.

    Raises:
        ValueError: for an answer to a question that the benchmark does not ask.
    """
    unknown = set(answers) - {question.id for question in question_set.questions}
    if unknown:
        raise UserError(f"{benchmark.name}: answer to {min(unknown)!r}, which this data does not ask")
    scored = benchmark.score(question_set, answers, judge)
    return replace(scored, notes=(*scored.notes, _judging(scored.records))) if scored.records else scored


def _judging(records: Sequence[JudgedRequest]) -> str:
    """Say who judged, as whom it answered, and the hash of what it was asked."""
    prompts_sha256 = hashlib.sha256("".join(r.prompt_sha256 for r in records).encode()).hexdigest()[:16]
    versions = sorted({r.reply.version for r in records if r.reply.version})
    judge = f"judged by {records[0].judge}" + (f", answering as {', '.join(versions)}" if versions else "")
    more = [*sorted({r.reply.how for r in records if r.reply.how}), *_monotonous(records)]
    return "; ".join([f"{judge}: {len(records):,} requests, sha256 {prompts_sha256}", *more])


def _monotonous(records: Sequence[JudgedRequest]) -> list[str]:
    """Say so where a judge always says the same, which no judge does that reads what it is asked."""
    replies = {r.reply.text for r in records if r.reply.text is not None}
    different = len({r.prompt_sha256 for r in records})
    if len(replies) > 1 or different < FEWEST_ALIKE:
        return []
    return [f"every reply is the same: {str(*replies)[:SHOWN]!r}"]
