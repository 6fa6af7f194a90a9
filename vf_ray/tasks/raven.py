"""RAVEN: which of eight panels completes a matrix of abstract figures.

Shown apart, a puzzle is sixteen images. A SmolVLM cuts each into seventeen tiles, which its context does not
hold: it is for families that show a small image by few tokens, such as Qwen-VL.
"""

from vf_ray.sources.raven_npz import PuzzleRow, raven_npz
from vf_ray.types import Example, Grid, Made, Raw, Source, Terms

CONFIGURATIONS = (
    "center_single",
    "distribute_four",
    "distribute_nine",
    "in_center_single_out_center_single",
    "in_distribute_four_out_center_single",
    "left_center_single_right_center_single",
    "up_center_single_down_center_single",
)

RAVEN = Source(
    name="raven",
    title="RAVEN",
    url="http://wellyzhang.github.io/project/raven.html",
    terms=Terms(licence="GPL-3.0", faces="no", stated="github.com/WellyZhang/RAVEN"),
    raws=(
        Raw(
            name="raven",
            obtain="Put the RAVEN-10000 release of wellyzhang.github.io/project/raven.html here; its seven "
            "folders of .npz files may lie directly in raven/",
        ),
    ),
    read=raven_npz([f"RAVEN-10000/{name}/RAVEN_*.npz" for name in CONFIGURATIONS]),
)


@RAVEN.task(
    "next_pattern",
    upstream="RAVEN+next_pattern",
    group="classification",
    category="Complex Reasoning",
    instruction="Panels 1 to 8, read in this order, fill a square of three rows with three panels each, but "
    "for its last place. Every row follows the same rules. Which of the eight options belongs in the last "
    'place? Answer in the form "Option 3".',
    apart="Images 1 to 8, read in this order, fill a square of three rows with three images each, but for "
    "its last place. Every row follows the same rules. Which of the eight options belongs in the last place? "
    'Answer in the form "Option 3".',
    evidence="all sixteen panels as one picture, four in a row",
)
def next_pattern(row: PuzzleRow) -> Made:
    """The number of the right option, from 1; published targets count from 0."""
    labels = (*map(str, range(1, 9)), *(f"Option {number}" for number in range(1, 9)))
    grid = Grid(paths=row.panels, columns=4, labels=labels)
    return Example(image=grid, answer=f"Option {row.target + 1}")
