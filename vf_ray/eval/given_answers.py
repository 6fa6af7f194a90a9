"""Score answers that somebody has already: what ``vf-ray score`` does."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from vf_ray.artifacts import Spec
from vf_ray.errors import UserError, about
from vf_ray.eval.benchmark import Benchmark, Score
from vf_ray.eval.benchmarks import get
from vf_ray.eval.chat_model import ChatModel
from vf_ray.eval.endpoint import shown
from vf_ray.eval.judge import Judge
from vf_ray.eval.judges.http import HttpJudge, Replay
from vf_ray.eval.judges.judging import Paper, asked_of
from vf_ray.eval.judges.replies import judge_with_replies
from vf_ray.eval.question_sets import question_set_at
from vf_ray.eval.scoring import score
from vf_ray.eval.statistics import Paired, paired
from vf_ray.eval.subset import part_of
from vf_ray.plan.versions import CODE
from vf_ray.recipe.strict import is_http
from vf_ray.store import Store


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
        first, second = (self.benchmark.units(score.items) for score in self.scores)
        return paired(first, second)


CHUNKS = 1
"""Chunks that a judge is asked at a time."""


@dataclass(frozen=True, kw_only=True)
class JudgeChoice:
    """Who judges: recorded replies, a model at an address, or a language model's folder; else nobody."""

    replies: Path | None = None
    url: str = ""
    model: str = ""
    """The judge's name at an address."""
    tokens: int = 0
    """Tokens that a reply may have at least; 0: as the benchmark says."""
    timeout_s: float = 120.0

    def __post_init__(self) -> None:
        if self.replies and self.url:
            raise UserError(f"--judge-replies {self.replies} and --judge {self.url}: give one of the two")
        if is_http(self.url) != bool(self.model):
            raise UserError(
                f"--judge {self.url!r} with --judge-model {self.model!r}: an address needs the judge's name "
                "there, a model's folder none"
            )

    def judge(self) -> Judge | None:
        """Return whoever judges."""
        if self.replies:
            with about(f"--judge-replies {self.replies}"):
                return Replay(self.replies)
        if self.url and not self.model:
            from vf_ray.eval.judges.local import CheckpointJudge  # slow to import

            return CheckpointJudge.of(Path(self.url), name=self.url, room=self.tokens)
        chat = ChatModel(url=self.url, model=self.model, timeout_s=self.timeout_s)
        return HttpJudge(chat, self.tokens) if self.url else None

    def spec(self, benchmark: str, requests: str) -> Spec:
        """Return the artifact that keeps what is said; ``requests`` is the fingerprint of what is asked."""
        config = {"judge": [shown(self.url), self.model, self.tokens], "requests": requests}
        return Spec(kind="judged", name=f"score/{benchmark}", config=config, code=CODE["judged"])


NOBODY = JudgeChoice()


def score_answers(
    name: str, data: str, answers: Sequence[Path], choice: JudgeChoice = NOBODY, store: Store | None = None,
    *, items: int = 0,
) -> Scored:  # fmt: skip
    """Return the official figures of each answer file, of at most ``items`` questions (0: all).

    What a judge says is kept in ``store``, where one is given, and not asked for again.

    Raises:
        ValueError: for an unknown benchmark, files that are damaged or of mixed versions, or answers that
            do not belong to them.
        FileNotFoundError: if a file of the benchmark is missing.
        Unserved: if the judge refuses, or nothing that it says can be read.
    """
    benchmark, judge = get(name), choice.judge()
    if judge and judge.in_order and len(answers) > 1:
        raise UserError(
            f"{choice.replies} tells replies apart by their order only; compare with replies by request"
        )
    whole = question_set_at(name, data)
    part = part_of(benchmark, whole, items)
    wanted = {question.id for question in part.questions}

    def scored(path: Path) -> Score:
        with about(str(path)):
            answered = benchmark.read(path, whole)
        paper = Paper(benchmark, part, {key: text for key, text in answered.items() if key in wanted})
        live = _kept(store, choice, judge, paper) if judge and store and not choice.replies else judge
        return score(benchmark, part, paper.answers, live)

    return Scored(benchmark=benchmark, scores=[scored(path) for path in answers])


def _kept(store: Store, choice: JudgeChoice, judge: Judge, paper: Paper) -> Judge:
    """Return a judge with all its replies at hand; itself where it is asked nothing."""
    if not paper.benchmark.judged or not (requests := asked_of(paper)):
        return judge
    with ThreadPoolExecutor(CHUNKS) as threads:
        spec = choice.spec(paper.benchmark.name, requests)
        return judge_with_replies(store, spec, judge, paper, threads)[0]
