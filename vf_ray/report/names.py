"""What the report calls things, and the colours it gives them."""

from collections.abc import Mapping, Sequence

MODELS: Mapping[str, str] = {"base": "start", "stage1": "BASE", "stage2": "CHAT"}
"""The paper's names; ``start`` is the model that stage 1 starts from."""
STAGES: Mapping[str, str] = {"align": "alignment", "stage1": "stage 1", "stage2": "stage 2"}
COLOURS: Mapping[str, str] = {
    "base": "#8b919b",
    "stage1": "#2563c9",
    "stage2": "#d4762c",
    "align": "#5d9a63",
    "majority": "#1b1f24",
}


OTHERS = ("#8a5cc2", "#c2405a", "#1d9a9a", "#a38a1f", "#7a5c43", "#4a6fa0", "#c05fa8", "#5b6b2e")
"""For a recipe's own stages, in their order."""


def model(name: str) -> str:
    """Return what the report calls a model."""
    return MODELS.get(name, name)


def stage(name: str) -> str:
    """Return what the report calls a stage."""
    return STAGES.get(name, name)


def colour(name: str, among: Sequence[str] = ()) -> str:
    """Return the colour of a model or stage ``among`` those of a report, each of which has its own."""
    others = [one for one in dict.fromkeys(among) if one not in COLOURS]
    own = OTHERS[others.index(name) % len(OTHERS)] if name in others else "#6b7280"
    return COLOURS.get(name, own)
