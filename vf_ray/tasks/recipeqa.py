"""RecipeQA, visual coherence: which of four pictures does not belong to the recipe."""

from dataclasses import dataclass

from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.types import Download, Example, Grid, Made, Raw, Row, Source, Terms

LETTERS = ("A", "B", "C", "D")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoherenceRow(Row):
    """Four pictures, one of them from another recipe."""

    choices: tuple[str, ...]
    odd: int
    """0-based."""


def _row(record: Fields, at: At) -> CoherenceRow | tuple[()]:
    if record["task"] != "visual_coherence" or (at.split == "test" and "answer" not in record):
        return ()  # whether the test file tells its answers is not evidenced
    folder = f"images-qa/{at.split}/images-qa"
    choices = tuple(f"{folder}/{name}" for name in record.texts("choice_list"))
    odd = record.integer("answer")
    if odd not in range(len(choices)) or len(choices) > len(LETTERS):
        raise ValueError(f"answer {odd} of {len(choices)} choices; expected 0 to 3 of four")
    return CoherenceRow(
        key=at.key(record.id("qid")), split=at.split, image=choices[0], choices=choices, odd=odd
    )


RECIPEQA = Source(
    name="recipeqa",
    title="RecipeQA",
    url="https://hucvl.github.io/recipeqa/",
    terms=Terms(licence="the recipe pages' own licences", faces="unknown", stated="hucvl.github.io/recipeqa"),
    raws=(
        Raw(
            name="recipeqa",
            obtain="Put train.json, val.json, test.json and images.zip of hucvl.github.io/recipeqa here",
            files=(
                Download("https://vision.cs.hacettepe.edu.tr/files/recipeqa/train.json"),
                Download("https://vision.cs.hacettepe.edu.tr/files/recipeqa/val.json"),
                Download("https://vision.cs.hacettepe.edu.tr/files/recipeqa/test.json"),
                Download("https://vision.cs.hacettepe.edu.tr/files/recipeqa/images.zip"),
            ),
        ),
    ),
    read=json_array({s: f"{s}.json" for s in ("train", "val", "test")}, _row, items="data.item"),
)


WORDS = (
    "Three of the four lettered pictures show steps of one recipe. Which one is least like the "
    'others? Answer in the form "The least similar image is C."'
)


@RECIPEQA.task(
    "odd_one_out",
    upstream="recipe-qa+visual_coherence",
    group="classification",
    category="Complex Reasoning",
    instruction=WORDS,
    apart=WORDS,
    evidence="not in the paper's list; group and category are ours",
)
def odd_one_out(row: CoherenceRow) -> Made:
    """Four pictures as one, with letters."""
    grid = Grid(paths=row.choices, columns=2, labels=LETTERS[: len(row.choices)])
    return Example(image=grid, answer=f"The least similar image is {LETTERS[row.odd]}.")
