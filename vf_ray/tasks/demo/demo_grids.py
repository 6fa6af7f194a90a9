"""Questions about grids of coloured cells, in VQA v2's layout."""

from functools import partial

from vf_ray.instances.shapes import ask, choose
from vf_ray.sources.vqa_json import VqaRow, vqa_json
from vf_ray.tasks.demo.raws import ARC_TERMS, GRIDS, OBTAIN
from vf_ray.types import Example, Group, Made, Raw, Source

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
SHORT = "Answer the question using a single word or phrase."
LETTER = "Answer with the option's letter from the given choices directly."
"""How LLaVA-1.5 asks for a form of answer, letter for letter: behind the question."""
OPEN: dict[str, tuple[Group, str, str]] = {
    "top_left": ("question answering", "Color", "Name one colour."),
    "bottom_right": ("question answering", "Color", "Name one colour."),
    "background": ("classification", "Color", "Name the background."),
    "rows": ("question answering", "Counting", "Count and answer with a number."),
    "colours": ("question answering", "Counting", "Count and answer with a number."),
    "size": ("generation", "Visual Reasoning", "Write the size of the grid."),
}
"""Sort of question -> group, category, instruction."""


def _answer(row: VqaRow, sort: str) -> Made:
    return ask(row.image, row.question, row.answer) if row.question_type == sort else None


for sort, (group, category, instruction) in OPEN.items():
    QUESTIONS.task(sort, group=group, category=category, instruction=instruction)(partial(_answer, sort=sort))


@QUESTIONS.task("presence", group="question answering", category="Perception", instruction="")
def presence(row: VqaRow) -> Made:
    """Yes or no, asked as POPE asks: the form of the answer is the instruction, and comes last."""
    if row.question_type != "presence":
        return None
    return Example(image=row.image, question=f"{row.question}\n{SHORT}", answer=row.answer)


@QUESTIONS.task("mostly", group="classification", category="Visual Reasoning", instruction="")
def mostly(row: VqaRow) -> Made:
    """A letter, asked as LLaVA-1.5 asks: the question file itself lists the options."""
    if row.question_type != "mostly":
        return None
    return Example(image=row.image, question=f"{row.question}\n{LETTER}", answer=row.answer)


@QUESTIONS.task("shape", group="classification", category="Visual Reasoning", instruction="Choose the shape.")
def shape(row: VqaRow) -> Made:
    """Square, wide or tall, as lettered options."""
    if row.question_type != "shape":
        return None
    return choose(row.image, row.answer, ("square", "wide", "tall"), row.question)
