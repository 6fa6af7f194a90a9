"""Whose answers a stage trains on in place of its tasks' own: those of an earlier model."""

import math
from dataclasses import dataclass

from vf_ray.errors import require


@dataclass(frozen=True, kw_only=True)
class AnswersBy:
    """A model, and how it answers what the user says in a stage's instances."""

    model: str
    """An earlier stage, ``base``, or a model of the store by its address or as another recipe's step."""
    temperature: float = 0.0
    """0: the likeliest token each time; above: tokens are drawn, at 1 as likely as the model finds them."""
    longest: int = 512
    """Tokens of one answer; one that has not ended by then is rejected."""
    ceiling: float = 0.1
    """Share of a task's answers that may be rejected before the stage fails."""

    def __post_init__(self) -> None:
        require(bool(self.model), "answers_by.model is empty; name an earlier stage, or base")
        heat = f"answers_by.temperature is {self.temperature}; 0 draws nothing, 1 as the model finds likely"
        require(0 <= self.temperature < math.inf, heat)
        require(self.longest > 0, f"answers_by.longest is {self.longest}; it must be positive")
        require(0 <= self.ceiling <= 1, f"answers_by.ceiling is {self.ceiling}; it is a share in [0, 1]")
