"""Score answers that somebody has already: what ``vf-ray score`` does."""

from pathlib import Path

from vf_ray.eval.benchmarks import get
from vf_ray.eval.judge import HttpJudge, Replay
from vf_ray.eval.record import score
from vf_ray.eval.types import Benchmark, Judge, Score
from vf_ray.sources.raw import RawTree


def score_answers(
    name: str, data: str, answers: Path, *, replies: Path | None = None, url: str = "", model: str = ""
) -> tuple[Benchmark, Score]:
    """Return the official figures of an answer file.

    Raises:
        ValueError: for an unknown benchmark, files that are damaged or of mixed versions, answers that do
            not belong to them, or a judge that is half given.
        FileNotFoundError: if a file of the benchmark is missing.
        NoJudge: if the judge refuses.
    """
    benchmark = get(name)
    judge = _judge(benchmark, replies, url, model)
    exam = benchmark.load(RawTree.of(data))
    return benchmark, score(benchmark, exam, benchmark.read(answers, exam), judge)


def _judge(benchmark: Benchmark, replies: Path | None, url: str, model: str) -> Judge | None:
    if replies and url:
        raise ValueError(f"--judge-replies {replies} and --judge {url}: give one of the two")
    if bool(url) != bool(model):
        raise ValueError(f"--judge {url!r} with --judge-model {model!r}: give both, or none")
    if replies:
        return Replay(replies)
    return HttpJudge(url=url, model=model) if url else None
