"""What a stage's ``tune`` names: a module of the model, or some of its blocks, as ``vision_tower[12:]``."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vf_ray.errors import UserError, near, require

MODULES = ("vision_tower", "projector", "language_model")
_SLICE = re.compile(r"\[(-?\d+)?:(-?\d+)?\]")


@dataclass(frozen=True)
class TunedPart:
    """A whole module, or those of its blocks that a slice of Python would take, counted from the input.

    What lies before and behind the blocks, as embeddings and the last norm, belongs to the whole alone.
    """

    module: str
    ends: tuple[int | None, int | None] | None = None
    """Of the slice; None: the whole."""

    @classmethod
    def of(cls, text: str) -> "TunedPart":
        """Read one.

        Raises:
            UserError: for no module, a slice that is none, or one of a module that has no blocks.
        """
        module, fault = text.partition("[")[0], f"stage.tune names {text!r}"
        require(module in MODULES, f"{fault}; {near(module, MODULES)}")
        if text == module:
            return cls(module)
        match = _SLICE.fullmatch(text, len(module))
        if match is None:
            raise UserError(f"{fault}; expected a module, or a slice of its blocks as vision_tower[12:]")
        require(module != "projector", f"{fault}; a projector has no blocks, name it whole")
        start, stop = (int(end) if end else None for end in match.groups())
        return cls(module, (start, stop))

    def __str__(self) -> str:
        ends = ":".join("" if end is None else str(end) for end in self.ends or ())
        return f"{self.module}[{ends}]" if self.ends else self.module

    def blocks(self, count: int) -> range:
        """Return which of a module's blocks it takes.

        Raises:
            UserError: if it takes none.
        """
        taken = range(count)[slice(*self.ends or (None,))]
        require(len(taken) > 0, f"stage.tune names {self}, which is none of the {count} blocks that it has")
        return taken


def tuned_parts(names: Sequence[str]) -> dict[str, TunedPart]:
    """Return, by its module, each part that ``tune`` names.

    Raises:
        UserError: as ``TunedPart.of``; or if a module is named twice.
    """
    return dict(_each_once(names))


def _each_once(names: Sequence[str]) -> Iterator[tuple[str, TunedPart]]:
    parts = [TunedPart.of(name) for name in names]
    for part in parts:
        named = [str(one) for one in parts if one.module == part.module]
        fault = f"stage.tune names {' and '.join(named)}; a module is tuned whole or in one slice"
        require(len(named) == 1, fault)
        yield part.module, part
