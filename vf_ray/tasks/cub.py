"""CUB-200-2011: photographs of 200 species of birds."""

import re
from collections.abc import Iterator, Mapping
from functools import partial

from vf_ray.instances.shapes import name_it
from vf_ray.sources.list_file import by_first_word, list_file
from vf_ray.sources.records import At
from vf_ray.sources.rows import LabelRow
from vf_ray.text import words
from vf_ray.types import Made, Raw, Reject, Source, Terms, Tree

ROOT = "CUB_200_2011"
SIDE_FILES = ("classes.txt", "image_class_labels.txt", "train_test_split.txt")
USUAL = {
    "Artic_Tern": "Arctic Tern", "Chuck_will_Widow": "Chuck-will's-widow", "Whip_poor_Will": "Whip-poor-will",
    "Nelson_Sharp_tailed_Sparrow": "Nelson's Sharp-tailed Sparrow",
}  # fmt: skip
"""Names in which more than hyphens and apostrophes was lost."""
_NAMED_AFTER = re.compile(
    r"^(Anna|Baird|Bewick|Brandt|Brewer|Clark|Forster|Harris|Heermann|Henslow|Le Conte|Lincoln|Scott|Swainson"
    r"|Wilson)s? "
)
"""Whom birds are named after."""


def _row(
    line: str, at: At, classes: Mapping[str, str], labels: Mapping[str, str], training: Mapping[str, str]
) -> LabelRow | Reject:
    number, path = line.split(maxsplit=1)
    if number not in labels or number not in training:
        return Reject(path, "picture without annotation")
    return LabelRow(
        key=path,
        split="train" if training[number] == "1" else "test",
        image=f"{ROOT}/images/{path}",
        label=classes[labels[number]].partition(".")[2],
    )


def _read(tree: Tree) -> Iterator[LabelRow | Reject]:
    classes, labels, training = (by_first_word(tree, f"{ROOT}/{name}") for name in SIDE_FILES)
    make = partial(_row, classes=classes, labels=labels, training=training)
    return list_file({"all": f"{ROOT}/images.txt"}, make)(tree)


CUB = Source(
    name="cub",
    title="CUB-200-2011",
    url="http://www.vision.caltech.edu/datasets/cub_200_2011/",
    terms=Terms(
        licence="non-commercial research and education",
        training="yes",
        faces="no",
        stated="www.vision.caltech.edu/datasets/cub_200_2011",
    ),
    raws=(
        Raw(name="cub", obtain="Put CUB_200_2011.tgz of www.vision.caltech.edu/datasets/cub_200_2011 here"),
    ),
    read=_read,
)


def spoken(name: str) -> str:
    """Return a class such as ``Red_winged_Blackbird`` or ``Anna_Hummingbird`` as it is written."""
    hyphens = re.sub(r"_(?=[a-z])", "-", name)
    named = _NAMED_AFTER.sub(lambda match: f"{match[1]}'s ", words(hyphens))
    return USUAL.get(name, named)


@CUB.task(
    "species",
    upstream="CUB-200-2011+Bird_Classification",
    group="classification",
    category="Animal Classification",
    instruction="Which species of bird is this? Answer with its common English name.",
)
def species(row: LabelRow) -> Made:
    """The class name without its number, its hyphens and apostrophes put back."""
    return name_it(row.image, spoken(row.label))
