"""wikiHow with pictures: the steps of a method, in order, each with its illustration.

The authors' archive (linked from MultiInstruct). What comes before a step is only what comes before
it: the predecessor's script shared one growing list, so that "all earlier steps" held the answer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from vf_ray.errors import UserError
from vf_ray.instances.shapes import choose
from vf_ray.sources.each_file import each_json
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_items import json_pairs
from vf_ray.sources.records import At
from vf_ray.text import tidy
from vf_ray.types import Example, Made, Raw, Reject, Row, Source, Terms, Tree

SPLITS = "wikihow_split.json"


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


def _rows(record: Fields, at: At, splits: Mapping[str, str]) -> Iterator[StepRow]:
    folder = at.path.removesuffix("/wikihow.json")
    split = splits.get(folder.rpartition("/")[2], at.split)
    for number, method in enumerate(record.objects("methods") if "methods" in record else ()):
        steps = tuple(tidy(step["headline"]) for step in method.objects("steps"))
        for index, step in enumerate(method.objects("steps")):
            if step.get("img"):
                yield StepRow(
                    key=f"{folder}/{number}/{index}",
                    split=split,
                    image=f"{folder}/image/{step['img']}",
                    method=tidy(method["name"]),
                    steps=steps,
                    index=index,
                )


def _read(tree: Tree) -> Iterator[StepRow | Reject]:
    """The archive tells no splits; the authors' list, where it is there, does."""
    splits = _splits(tree) if tree.exists(SPLITS) else {}
    return each_json({"all": "data/*/wikihow.json"}, partial(_rows, splits=splits))(tree)


def _splits(tree: Tree) -> Mapping[str, str]:
    """Return article -> split; what is listed in two has a split that nobody knows, and so is rejected.

    Raises:
        UserError: if the list is not the authors': a test article must not come into training.
    """
    splits: dict[str, str] = {}
    for (split, articles), _ in json_pairs(tree, SPLITS, "all"):
        if not isinstance(articles, list):
            raise UserError(f"{SPLITS} lists no articles for {split!r}; fetch it again")
        for article in map(str, articles):
            splits[article] = f"{splits[article]} and {split}" if article in splits else split
    return splits


WIKIHOW = Source(
    name="wikihow",
    title="wikiHow-image",
    url="https://github.com/YueYANG1996/wikiHow-VGSI",
    terms=Terms(licence="CC BY-NC-SA (texts)", faces="unknown", stated="github.com/YueYANG1996/wikiHow-VGSI"),
    raws=(
        Raw(
            name="wikihow",
            obtain="Put wikihow.tar.gz (linked from the download scripts of github.com/VT-NLP/MultiInstruct) "
            "into wikihow/, or unpack it there (it holds data/<article>/wikihow.json), and also "
            "wikihow_split.json of that repository's data_preprocessor/, which tells the splits",
            loose=(SPLITS,),
        ),
    ),
    read=_read,
)
ORDER = ("next", "previous")
MOST_OTHERS = 4
OURS = "which steps are asked about is ours"


@WIKIHOW.task(
    "next_step",
    upstream="wikihow_next_step",
    group="generation",
    category="Rational and Script Generation",
    instruction="The image shows the current step of a method; the steps before it, if any, are "
    "listed. Write the next step as one short sentence.",
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
    instruction="The image shows one step of a method. Which step comes immediately after it? Answer with "
    "the letter and the text.",
    evidence="at most four other steps of the same method, the nearest ones",
)
def immediate_next_step(row: StepRow) -> Made:
    """The next step among others of the method; with one of two steps there is nothing to choose from."""
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
    instruction="The image shows one step of a method, the text gives a neighbouring one. Is the text the "
    "next step or the previous one? Answer with the letter and the word.",
    evidence=OURS,
)
def text_after_image(row: StepRow) -> Made:
    """Whether the text is the step after the picture's or the one before."""
    if (text := _neighbour(row)) is None:
        return None
    return choose(row.image, ORDER[not row.forward], ORDER, f"Method: {row.method}\nText: {text}")


@WIKIHOW.task(
    "picture_after_text",
    upstream="wikihow_text_image_step_order",
    group="classification",
    category="Complex Reasoning",
    instruction="One step of a method is given in words. Does the image show the next step or the previous "
    "one? Answer with the letter and the word.",
    evidence=OURS,
)
def image_after_text(row: StepRow) -> Made:
    """Whether the picture is the step after the text's or the one before."""
    if (text := _neighbour(row)) is None:
        return None
    return choose(row.image, ORDER[row.forward], ORDER, f"Method: {row.method}\nStep: {text}")
