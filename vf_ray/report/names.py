"""What the report calls things, and the colours it gives them."""

from collections.abc import Mapping

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


def model(name: str) -> str:
    """Return what the report calls a model."""
    return MODELS.get(name, name)


def colour(name: str) -> str:
    """Return the colour of a model or stage."""
    return COLOURS.get(name, "#6b7280")
