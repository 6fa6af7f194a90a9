"""Score answers that somebody has already: what ``vf-ray score`` does."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vf_ray.errors import UserError
from vf_ray.eval.benchmark import Benchmark, Judge, Score
from vf_ray.eval.benchmarks import get
from vf_ray.eval.chat import Chat
from vf_ray.eval.judges.http import HttpJudge, Replay
from vf_ray.eval.record import score
from vf_ray.eval.statistics import Paired, paired
from vf_ray.raw.tree import RawTree
from vf_ray.recipe.strict import is_http


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Answers of one or two models to a benchmark."""

    benchmark: Benchmark
    scores: Sequence[Score]

    @property
    def paired(self) -> Paired | None:
        """Return the second against the first; None if there is only one."""
        if len(self.scores) < 2:
            return None
        first, second = (self.benchmark.units(found.items) for found in self.scores)
        return paired(first, second)


def score_answers(
    name: str,
    data: str,
    answers: Sequence[Path],
    *,
    replies: Path | None = None,
    judge: str = "",
    model: str = "",
) -> Scored:
    """Return the official figures of each answer file.

    Raises:
        ValueError: for an unknown benchmark, files that are damaged or of mixed versions, answers that do
            not belong to them, or a judge that is half given.
        FileNotFoundError: if a file of the benchmark is missing.
        Unserved: if the judge refuses.
    """
    benchmark = get(name)
    asked = _judge(replies, judge, model)
    if asked and asked.in_order and len(answers) > 1:
        raise UserError(f"{replies} tells replies apart by their order only; compare with replies by request")
    exam = benchmark.exam(RawTree.of(data))
    return Scored(
        benchmark=benchmark,
        scores=[score(benchmark, exam, benchmark.read(path, exam), asked) for path in answers],
    )


def _judge(replies: Path | None, url: str, model: str) -> Judge | None:
    if replies and url:
        raise UserError(f"--judge-replies {replies} and --judge {url}: give one of the two")
    if is_http(url) != bool(model):
        raise UserError(
            f"--judge {url!r} with --judge-model {model!r}: an address needs the judge's name there, "
            "a model's folder none"
        )
    if replies:
        return Replay(replies)
    if url and not model:
        from vf_ray.eval.judges.checkpoint import CheckpointJudge  # slow to import

        return CheckpointJudge.of(Path(url), name=url)
    return HttpJudge(Chat(url=url, model=model)) if url else None
