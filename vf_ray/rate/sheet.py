"""Who is shown what: pairs of answers with hidden sides in hashed order, repeats, and gold items."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from vf_ray.errors import UserError
from vf_ray.instances.chance import SPAN, rank

TrialKind = Literal["pair", "repeat", "gold"]
Z95, POWER80 = 1.959963984540054, 0.8416212335729143
GOLD = ("good", "bad")
"""Names of the sides of a gold item, whose better side is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question, with what each model answered."""

    id: str
    prompt: str
    answers: Mapping[str, str]
    """Model to answer."""
    image: str = ""
    """As a data URI; empty: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One comparison that a rater makes; the sides' models are the key's alone."""

    id: str
    item: str
    prompt: str
    image: str
    left: str
    right: str
    left_model: str
    right_model: str
    kind: TrialKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How a sheet is made."""

    raters: int = 3
    items: int = 0
    """Questions of each pair of models; 0: as many as ``difference`` needs, at most all."""
    difference: float = 0.1
    """The smallest distance of a win rate from a half that shall be found, four times in five."""
    repeats: float = 0.1
    """Share of a rater's pairs that are shown again, with sides exchanged."""
    golds: float = 0.05
    """Share of a rater's pairs that are added with a known better side."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.raters < 1 or self.items < 0:
            raise UserError(f"{self.raters} raters and {self.items} items; at least 1 rater, and 0 or more")
        if not 0 < self.difference <= 0.5:
            raise UserError(f"a difference of {self.difference}; a win rate lies up to 0.5 from a half")
        if not (0 <= self.repeats <= 1 and 0 <= self.golds <= 1):
            raise UserError(f"repeats {self.repeats} and golds {self.golds} are shares between 0 and 1")

    @property
    def needed(self) -> int:
        """Return how many questions find the difference (normal approximation at p = 1/2)."""
        return math.ceil(((Z95 + POWER80) / (2 * self.difference)) ** 2)


def chosen(asked: Sequence[Asked], design: Design) -> list[Asked]:
    """Return the questions of a sheet, drawn by hash: those whose answers differ, as many as are needed.

    Raises:
        UserError: if the models answered nothing differently.
    """
    differing = [item for item in asked if len(set(item.answers.values())) > 1]
    if not differing:
        raise UserError(f"the models answered all {len(asked)} questions alike; there is nothing to compare")
    drawn = sorted(differing, key=lambda item: rank(str(design.seed), "item", item.id))
    return drawn[: design.items or design.needed]


def trials(asked: Sequence[Asked], design: Design, rater: int) -> list[Trial]:
    """Return what one rater is shown, in the order of showing: no two raters have one order or one side."""
    pairs = [trial for item in asked for trial in _pairs(item, design, rater)]
    again = _share(pairs, design.repeats, design, rater, "repeat")
    known = _share(pairs, design.golds, design, rater, "gold")
    whole = [*pairs, *(_repeat(trial) for trial in again), *(_gold(t, design, rater) for t in known)]
    return sorted(whole, key=lambda trial: rank(str(design.seed), "order", str(rater), trial.id))


def _pairs(item: Asked, design: Design, rater: int) -> Iterator[Trial]:
    for first, second in combinations(sorted(item.answers), 2):
        if item.answers[first] != item.answers[second]:
            turned = rank(str(design.seed), "side", str(rater), item.id, first, second) < SPAN // 2
            left, right = (second, first) if turned else (first, second)
            yield _trial(
                item, left, right, f"{item.id}/{first}/{second}", item.answers[left], item.answers[right]
            )


def _trial(item: Asked, left: str, right: str, identity: str, left_answer: str, right_answer: str) -> Trial:
    return Trial(
        id=identity, item=item.id, prompt=item.prompt, image=item.image, left=left_answer, right=right_answer,
        left_model=left, right_model=right, kind="pair",
    )  # fmt: skip


def _share(pairs: Sequence[Trial], share: float, design: Design, rater: int, what: str) -> list[Trial]:
    drawn = sorted(pairs, key=lambda trial: rank(str(design.seed), what, str(rater), trial.id))
    return drawn[: math.ceil(share * len(pairs))]


def _repeat(trial: Trial) -> Trial:
    return Trial(
        id=f"{trial.id}/again", item=trial.item, prompt=trial.prompt, image=trial.image, left=trial.right,
        right=trial.left, left_model=trial.right_model, right_model=trial.left_model, kind="repeat",
    )  # fmt: skip


def _gold(trial: Trial, design: Design, rater: int) -> Trial:
    """Return an item whose better side is plain: an answer against the same with its words out of order."""
    words = trial.left.split() or ["?"]
    shuffled = " ".join(sorted(words, key=lambda word: rank(str(design.seed), "gold", word)))
    bad = f"{shuffled} {shuffled}" if shuffled == trial.left else shuffled
    turned = rank(str(design.seed), "gold side", str(rater), trial.id) < SPAN // 2
    sides = ((bad, trial.left), GOLD[::-1]) if turned else ((trial.left, bad), GOLD)
    (left, right), (left_model, right_model) = sides
    return Trial(
        id=f"{trial.id}/gold", item=trial.item, prompt=trial.prompt, image=trial.image, left=left,
        right=right, left_model=left_model, right_model=right_model, kind="gold",
    )  # fmt: skip
