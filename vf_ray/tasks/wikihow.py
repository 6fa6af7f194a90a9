"""wikiHow with pictures: the steps of a method, in order, each with its illustration.

The authors' archive (linked from MultiInstruct). What comes before a step is only what comes before
it: the predecessor's script shared one growing list, so that "all earlier steps" held the answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from vf_ray.shapes import choose, tidy
from vf_ray.sources.each_file import each_json
from vf_ray.sources.records import At, Record
from vf_ray.types import Example, Made, Raw, Row, Source, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow(Row):
    """One illustrated step of a method."""

    method: str
    steps: tuple[str, ...]
    """The headlines of all steps of the method."""
    index: int
    """Which of them the picture shows."""

    @property
    def forward(self) -> bool:
        """Whether the neighbour to ask about is the step after this one."""
        return (self.index % 2 == 0 and self.index + 1 < len(self.steps)) or self.index == 0


def _rows(record: Record, at: At) -> Iterator[StepRow]:
    folder = at.path.removesuffix("/wikihow.json")
    for number, method in enumerate(record.get("methods") or ()):
        steps = tuple(tidy(step["headline"]) for step in method["steps"])
        for index, step in enumerate(method["steps"]):
            if step.get("img"):
                yield StepRow(
                    key=f"{folder}/{number}/{index}",
                    split=at.split,
                    image=f"{folder}/image/{step['img']}",
                    method=tidy(method["name"]),
                    steps=steps,
                    index=index,
                )


WIKIHOW = Source(
    name="wikihow",
    title="wikiHow-image",
    url="https://github.com/YueYANG1996/wikiHow-VGSI",
    terms=Terms(licence="CC BY-NC-SA (texts)", faces="no", stated="github.com/YueYANG1996/wikiHow-VGSI"),
    raws=(
        Raw(
            name="wikihow",
            obtain="Put wikihow.tar.gz (linked from the download scripts of github.com/VT-NLP/MultiInstruct) "
            "here, or unpack it; it holds data/<article>/wikihow.json",
        ),
    ),
    read=each_json({"all": "data/*/wikihow.json"}, _rows),
)
ORDER = ("next", "previous")
MOST_OTHERS = 4
OURS = "which steps are asked about is ours"


@WIKIHOW.task(
    "next_step",
    upstream="wikihow_next_step",
    group="generation",
    category="Rational and Script Generation",
    instruction="The image shows the current step of a method; the steps before it are listed. Write the "
    "next step as one short sentence.",
    evidence="only the steps before the current one are listed",
)
def next_step(row: StepRow) -> Made:
    """The headline of the step after the picture's; a last step has none."""
    if row.index + 1 >= len(row.steps):
        return None
    before = [f"{number}. {step}" for number, step in enumerate(row.steps[: row.index], 1)]
    question = "\n".join([f"Method: {row.method}", *before])
    return Example(image=row.image, question=question, answer=row.steps[row.index + 1])


@WIKIHOW.task(
    "immediate_next_step",
    upstream="wikihow_immediate_next_step_selection",
    group="classification",
    category="Complex Reasoning",
    instruction="The image shows one step of a method. Which step follows at once? Answer with letter and "
    "text.",
    evidence="at most four other steps of the same method, the nearest ones",
)
def immediate_next_step(row: StepRow) -> Made:
    """The next step among others of the method."""
    if row.index + 1 >= len(row.steps):
        return None
    following = row.steps[row.index + 1]
    nearest = sorted(range(len(row.steps)), key=lambda n: (abs(n - row.index), n))
    others = dict.fromkeys(
        row.steps[n] for n in nearest if row.steps[n] not in (following, row.steps[row.index])
    )
    if not others:
        return None
    return choose(row.image, following, (following, *list(others)[:MOST_OTHERS]), f"Method: {row.method}")


def _neighbour(row: StepRow) -> str | None:
    if len(row.steps) < 2:
        return None
    return row.steps[row.index + 1] if row.forward else row.steps[row.index - 1]


@WIKIHOW.task(
    "text_after_picture",
    upstream="wikihow_image_text_step_order",
    group="classification",
    category="Complex Reasoning",
    instruction="The image shows one step of a method, the text is another. Does the text come next or "
    "previous to the image? Answer with the letter and the word.",
    evidence=OURS,
)
def text_after_picture(row: StepRow) -> Made:
    """Whether the text is the step after the picture's or the one before."""
    if (text := _neighbour(row)) is None:
        return None
    return choose(row.image, ORDER[not row.forward], ORDER, f"Method: {row.method}\nText: {text}")


@WIKIHOW.task(
    "picture_after_text",
    upstream="wikihow_text_image_step_order",
    group="classification",
    category="Complex Reasoning",
    instruction="A step of a method is given in words. Is the image the step next or previous to it? Answer "
    "with the letter and the word.",
    evidence=OURS,
)
def picture_after_text(row: StepRow) -> Made:
    """Whether the picture is the step after the text's or the one before."""
    if (text := _neighbour(row)) is None:
        return None
    return choose(row.image, ORDER[row.forward], ORDER, f"Method: {row.method}\nStep: {text}")
