"""What one model is asked of one benchmark, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from vf_ray.artifacts import Spec
from vf_ray.eval.benchmark import Answered
from vf_ray.eval.judge import Judge


class Sitting(NamedTuple):
    """A model that is asked a benchmark."""

    model: str
    benchmark: str
    blind: bool = False
    """Whether without any picture."""

    @property
    def name(self) -> str:
        """Return what it is called where addresses are listed."""
        return f"{self.model}/{self.benchmark}" + ("/blind" if self.blind else "")


@dataclass(frozen=True)
class SittingAnswers:
    """What a model answered to a benchmark."""

    spec: Spec
    rows: Sequence[Answered]

    @property
    def failed(self) -> list[Answered]:
        """Return what has an error."""
        return [row for row in self.rows if row.error]

    @property
    def texts(self) -> dict[str, str]:
        """Return the answers by question; what has an error is missing."""
        return {row.id: row.text for row in self.rows if not row.error}


@dataclass(frozen=True)
class Judgement:
    """A judge with all its replies at hand."""

    judge: Judge | None = None
    address: str = ""
    failed: int = 0
