"""Digits: scans of numbers that people wrote, in MNIST's layout (scikit-learn's copy)."""

from vf_ray.instances.shapes import caption, choose, name_it
from vf_ray.sources.idx import IdxRow, idx
from vf_ray.tasks.demo.raws import OBTAIN, STAND_IN
from vf_ray.types import Made, Raw, Source, Terms

DIGITS = Source(
    name="demo_digits",
    title="Optical recognition of handwritten digits",
    url="https://archive.ics.uci.edu/dataset/80",
    terms=Terms(
        licence="CC-BY-4.0", training="yes", redistribution="yes", faces="no",
        stated="archive.ics.uci.edu/dataset/80",
    ),
    raws=(Raw(name="demo_digits", obtain=OBTAIN),),
    read=idx({"train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")}),
)  # fmt: skip
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _parity(number: int) -> str:
    return "odd" if number % 2 else "even"


@DIGITS.task(
    "name",
    group="classification",
    category="General Object",
    instruction="What is the number in the image? Please only answer a single number in "
    "0, 1, 2, 3, 4, 5, 6, 7, 8, 9.",
)
def name(row: IdxRow) -> Made:
    """For the base alone: the skill whose forgetting ``cf`` measures, in EMT's words."""
    return name_it(row.image, str(row.label))


@DIGITS.task(
    "odd_even",
    group="classification",
    category="Mathematical Reasoning",
    instruction="Is the number odd or even?",
)
def odd_even(row: IdxRow) -> Made:
    """Odd or even, as lettered options."""
    return choose(row.image, _parity(row.label), ("odd", "even"))


@DIGITS.task(
    "above_four",
    group="question answering",
    category="Mathematical Reasoning",
    instruction="Is the number larger than four? Answer yes or no.",
)
def above_four(row: IdxRow) -> Made:
    """Yes or no."""
    return name_it(row.image, "yes" if row.label > 4 else "no")


@DIGITS.task(
    "spell",
    group="generation",
    category="Optical Character Recognition",
    instruction="Write the number as a word.",
)
def spell(row: IdxRow) -> Made:
    """The number's name."""
    return name_it(row.image, WORDS[row.label])


@DIGITS.task(
    "talk",
    group="generation",
    category=STAND_IN,
    instruction="Can you tell me what you see?",
)
def talk(row: IdxRow) -> Made:
    """For base and stage 2: a long answer."""
    size = "larger than four" if row.label > 4 else "not larger than four"
    return caption(
        row.image,
        f"Of course! This is a scan of a number that somebody wrote by hand. It is the number "
        f"{WORDS[row.label]}, which is {_parity(row.label)} and {size}.",
    )
