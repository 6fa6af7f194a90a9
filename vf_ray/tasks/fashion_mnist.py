"""Fashion-MNIST: 70,000 small grey pictures of ten kinds of things to wear."""

from vf_ray.instances.nouns import with_article
from vf_ray.instances.shapes import caption, choose, name_it
from vf_ray.sources.idx import IdxRow, idx
from vf_ray.types import Made, Raw, Source, Terms

_FOLDER = "usr/share/datasets/fashion-mnist"
FASHION = Source(
    name="fashion_mnist",
    title="Fashion-MNIST",
    url="https://github.com/zalandoresearch/fashion-mnist",
    terms=Terms(
        licence="MIT", training="yes", redistribution="yes", faces="no",
        stated="github.com/zalandoresearch/fashion-mnist, LICENSE",
    ),
    raws=(
        Raw(
            name="fashion_mnist",
            obtain="Unpack the Debian package here: apt-get download dataset-fashion-mnist && dpkg-deb -x "
            "dataset-fashion-mnist_*.deb fashion_mnist",
        ),
    ),
    read=idx(
        {
            "train": (f"{_FOLDER}/train-images-idx3-ubyte", f"{_FOLDER}/train-labels-idx1-ubyte"),
            "test": (f"{_FOLDER}/t10k-images-idx3-ubyte", f"{_FOLDER}/t10k-labels-idx1-ubyte"),
        }
    ),
)  # fmt: skip
GARMENTS = (
    "T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
"""The publisher's classes by number; the first is short for "T-shirt/top"."""
FOOTWEAR = frozenset(["sandal", "sneaker", "ankle boot"])


@FASHION.task(
    "caption",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="Say what this small grey picture shows.",
)
def garment_caption(row: IdxRow) -> Made:
    """What a base learns to see from."""
    return caption(row.image, f"A small grey picture of {with_article(GARMENTS[row.label])}.")


@FASHION.task(
    "garment",
    group="classification",
    category="General Object",
    instruction="Which of these is shown? Answer with the letter and the name.",
)
def garment(row: IdxRow) -> Made:
    """One of all ten kinds, as lettered options."""
    return choose(row.image, GARMENTS[row.label], GARMENTS)


@FASHION.task(
    "name",
    group="classification",
    category="General Object",
    instruction="What is this piece called? Answer in one or two words.",
)
def name(row: IdxRow) -> Made:
    """The kind, without options."""
    return name_it(row.image, GARMENTS[row.label])


@FASHION.task(
    "footwear",
    group="question answering",
    category="Perception",
    instruction="Would you wear this on your feet? Answer with yes or no.",
)
def footwear(row: IdxRow) -> Made:
    """Yes or no."""
    return name_it(row.image, "yes" if GARMENTS[row.label] in FOOTWEAR else "no")
