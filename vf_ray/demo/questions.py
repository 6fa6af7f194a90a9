"""What the demo's annotators ask about the grids, and the answers that the cells give."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from vf_ray.demo.grids import BLACK, COLOURS, ArcGrid
from vf_ray.instances.chance import SPAN, rank, shuffled

PRESENCE = "presence"
MOST_PRESENCE = 3
"""Questions about colours that are there, and as many about ones that are not, of one grid."""

Answer = Callable[[ArcGrid], str | None]
ASKED: Mapping[str, tuple[str, float, Answer]] = {
    "top_left": ("Which colour is the top left cell?", 0.5, lambda g: g.colour_at(0, 0)),
    "bottom_right": ("Which colour is the bottom right cell?", 0.5, lambda g: g.colour_at(-1, -1)),
    "background": ("Which colour do most cells have?", 0.5, lambda g: g.most(black=True)),
    "rows": ("How many rows of cells are there?", 0.5, lambda g: str(g.height)),
    "colours": ("How many different colours are there?", 0.4, lambda g: str(len(g.counts))),
    "size": ("How many rows and columns are there?", 0.5, lambda g: f"{g.height} by {g.width}"),
    "shape": ("Which shape does the grid have?", 0.9, lambda g: g.shape),
}
"""Sort of question -> its words, the share of grids that it is asked about, its answer."""
RARER: Mapping[tuple[str, str], float] = {("shape", "square"): 0.4}
"""Sort and answer that most grids would give: asked about a smaller share, as VQA v2 is balanced."""
MOSTLY = "mostly"
MOSTLY_ASKED = "Which cells are there more of?"


def presence(colour: str) -> str:
    """Return the question whether a colour occurs, worded as POPE words it."""
    return f"Is there {'an' if colour[0] in 'aeiou' else 'a'} {colour} cell in the image?"


def asked(grid: ArcGrid, seed: int) -> Iterator[tuple[str, str, str]]:
    """Yield (sort, question, answer) for a grid; ``seed`` decides which are asked."""
    for sort, (question, share, answer) in ASKED.items():
        right = answer(grid)
        if right is not None and _drawn(grid, seed, sort, RARER.get((sort, right), share)):
            yield sort, question, right
    if _drawn(grid, seed, MOSTLY, 0.8):
        question, letter = mostly(grid, shuffled(("black", "coloured"), str(seed), grid.name, MOSTLY))
        yield MOSTLY, question, letter
    yield from _presences(grid, seed)


def _drawn(grid: ArcGrid, seed: int, sort: str, share: float) -> bool:
    return rank(str(seed), grid.name, sort) < share * SPAN


def mostly(grid: ArcGrid, options: Sequence[str]) -> tuple[str, str]:
    """Return a question with its options, one a line as LLaVA-1.5 asks them, and the right letter."""
    listed = "".join(f"\n{letter}. {option}" for letter, option in zip("AB", options, strict=True))
    return MOSTLY_ASKED + listed, "AB"[options.index(most_cells(grid))]


def most_cells(grid: ArcGrid) -> str:
    """Return whether more cells are black, or coloured."""
    return "black" if grid.mostly_black else "coloured"


def _presences(grid: ArcGrid, seed: int) -> Iterator[tuple[str, str, str]]:
    here, absent = present_and_absent(grid)
    count = min(len(here), len(absent), MOST_PRESENCE)
    for colours, there in ((here, "yes"), (absent, "no")):
        for colour in shuffled(colours, str(seed), grid.name, PRESENCE)[:count]:
            yield PRESENCE, presence(colour), there
            yield PRESENCE, f"Are there any {colour} cells in the image?", there


def present_and_absent(grid: ArcGrid) -> tuple[list[str], list[str]]:
    """Return the colours of a grid, black left out, and the other ones."""
    others = [number for number in range(len(COLOURS)) if number != BLACK]
    here = [COLOURS[number] for number in others if number in grid.counts]
    return here, [COLOURS[number] for number in others if number not in grid.counts]


def caption(grid: ArcGrid) -> str:
    """Return what somebody might say of a grid: its size, its colours, its corners."""
    corners = [grid.colour_at(row, column) for row in (0, -1) for column in (0, -1)]
    return (
        f"A grid of {grid.height} by {grid.width} cells in {listed(grid.colours)}, with the corners "
        f"{listed(corners)}."
    )


def listed(texts: list[str]) -> str:
    """Return texts as an enumeration."""
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
