"""A benchmark's questions, and the official figures of answers to them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vf_ray.eval.benchmark import QuestionSet, Score
    from vf_ray.eval.judge import Judge


def question_set(benchmark: str, data: str, *, items: int = 0) -> "QuestionSet":
    """Return what a benchmark's official files, in a folder or bucket, ask; at most ``items`` (0: all).

    Raises:
        ValueError: for an unknown benchmark, and for files that are damaged or of mixed versions.
        FileNotFoundError: if one is missing.
    """
    from vf_ray.eval.benchmarks import get
    from vf_ray.eval.question_sets import question_set_at
    from vf_ray.eval.subset import part_of

    return part_of(get(benchmark), question_set_at(benchmark, data), items)


def score(
    benchmark: str, question_set: "QuestionSet", answers: Mapping[str, str], judge: "Judge | None" = None
) -> "Score":
    """Return the official figures, with 95% intervals, of answers by question id; one not there is missing.

    ``judge`` is asked where a rule is not enough; without one, what needs it is counted as ungraded.

    Raises:
        ValueError: for an answer to a question that is not asked.
    """
    from vf_ray.eval import scoring
    from vf_ray.eval.benchmarks import get

    return scoring.score(get(benchmark), question_set, answers, judge)
