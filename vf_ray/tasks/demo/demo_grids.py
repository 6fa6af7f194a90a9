"""Questions about grids of coloured cells, in VQA v2's layout."""

from functools import partial

from vf_ray.shapes import ask, choose
from vf_ray.sources.vqa_json import VqaRow, vqa_json
from vf_ray.tasks.demo.raws import ARC_TERMS, GRIDS, OBTAIN
from vf_ray.types import Group, Made, Raw, Source

QUESTIONS = Source(
    name="demo_grids",
    title="Questions about ARC grids",
    url="https://github.com/fchollet/ARC-AGI",
    terms=ARC_TERMS,
    raws=(GRIDS, Raw(name="demo_questions", obtain=OBTAIN)),
    read=vqa_json(
        questions="v2_OpenEnded_mscoco_{split}2014_questions.json",
        annotations="v2_mscoco_{split}2014_annotations.json",
        image="{split}2014/COCO_{split}2014_{image_id:012d}.ppm",
        splits={"train": "train"},
    ),
)
OPEN: dict[str, tuple[Group, str, str]] = {
    "presence": (
        "question answering", "Perception", "Answer the question using a single word or phrase.",
    ),
    "top_left": ("question answering", "Color", "Name one colour."),
    "bottom_right": ("question answering", "Color", "Name one colour."),
    "background": ("classification", "Color", "Name the background."),
    "rows": ("question answering", "Counting", "Count and answer with a number."),
    "colours": ("question answering", "Counting", "Count and answer with a number."),
    "size": ("generation", "Visual Reasoning", "Write the size of the grid."),
}  # fmt: skip
"""Sort of question -> group, category, instruction."""
LETTERED: dict[str, tuple[str, tuple[str, ...]]] = {
    "shape": ("Choose the shape.", ("square", "wide", "tall")),
    "mostly": (
        "Answer with the option's letter from the given choices directly.", ("black", "coloured"),
    ),
}  # fmt: skip
"""Sort of question -> instruction, options."""


def _answer(row: VqaRow, sort: str) -> Made:
    return ask(row.image, row.question, row.answer) if row.question_type == sort else None


def _choice(row: VqaRow, sort: str, options: tuple[str, ...]) -> Made:
    return choose(row.image, row.answer, options, row.question) if row.question_type == sort else None


for sort, (group, category, instruction) in OPEN.items():
    QUESTIONS.task(sort, group=group, category=category, instruction=instruction)(partial(_answer, sort=sort))

for sort, (instruction, options) in LETTERED.items():
    QUESTIONS.task(sort, group="classification", category="Visual Reasoning", instruction=instruction)(
        partial(_choice, sort=sort, options=options)
    )
