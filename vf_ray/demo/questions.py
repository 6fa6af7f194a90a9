"""What the demo's annotators ask about the grids, and the answers that the cells give."""

from collections.abc import Callable, Iterator, Mapping

from vf_ray.demo.grids import BLACK, COLOURS, Grid
from vf_ray.instances.chance import SPAN, rank, shuffled

PRESENCE = "presence"
MOST_PRESENCE = 3
"""Questions about colours that are there, and as many about ones that are not, of one grid."""

Answer = Callable[[Grid], str | None]
ASKED: Mapping[str, tuple[str, float, Answer]] = {
    "top_left": ("Which colour is the top left cell?", 0.5, lambda g: g.colour_at(0, 0)),
    "bottom_right": ("Which colour is the bottom right cell?", 0.5, lambda g: g.colour_at(-1, -1)),
    "background": ("Which colour do most cells have?", 0.5, lambda g: g.most(black=True)),
    "rows": ("How many rows of cells are there?", 0.5, lambda g: str(g.height)),
    "colours": ("How many different colours are there?", 0.5, lambda g: str(len(g.counts))),
    "size": ("How many rows and columns are there?", 0.5, lambda g: f"{g.height} by {g.width}"),
    "shape": ("Which shape does the grid have?", 0.8, lambda g: g.shape),
    "mostly": ("Which cells are there more of?", 0.8, lambda g: "black" if g.mostly_black else "coloured"),
}
"""Sort of question -> its words, the share of grids that it is asked about, its answer."""


def presence(colour: str) -> str:
    """Return the question whether a colour occurs, worded as POPE words it."""
    return f"Is there {'an' if colour[0] in 'aeiou' else 'a'} {colour} cell in the image?"


def asked(grid: Grid, seed: int) -> Iterator[tuple[str, str, str]]:
    """Yield (sort, question, answer) for a grid; ``seed`` decides which are asked."""
    for sort, (question, share, answer) in ASKED.items():
        if rank(str(seed), grid.name, sort) < share * SPAN and (said := answer(grid)) is not None:
            yield sort, question, said
    here, absent = present_and_absent(grid)
    count = min(len(here), len(absent), MOST_PRESENCE)
    for colours, there in ((here, "yes"), (absent, "no")):
        for colour in shuffled(colours, str(seed), grid.name, PRESENCE)[:count]:
            yield PRESENCE, presence(colour), there


def present_and_absent(grid: Grid) -> tuple[list[str], list[str]]:
    """Return the colours of a grid, black left out, and the other ones."""
    others = [number for number in range(len(COLOURS)) if number != BLACK]
    here = [COLOURS[number] for number in others if number in grid.counts]
    return here, [COLOURS[number] for number in others if number not in grid.counts]


def captions(grid: Grid) -> tuple[str, ...]:
    """Return what three people might say of a grid: its size, its colours, its corners."""
    corners = [grid.colour_at(row, column) for row in (0, -1) for column in (0, -1)]
    return (
        f"A grid of {grid.height} by {grid.width} cells.",
        f"A grid in {listed(grid.colours)}.",
        f"A grid with the corners {listed(corners)}.",
    )


def listed(texts: list[str]) -> str:
    """Return texts as an enumeration."""
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
