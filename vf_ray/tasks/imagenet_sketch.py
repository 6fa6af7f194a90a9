"""ImageNet-Sketch: black-and-white sketches of the 1,000 ImageNet classes."""

from collections.abc import Iterator

from vf_ray.instances.nouns import with_article
from vf_ray.sources.image_folder import FolderRow, image_folder, renamed
from vf_ray.sources.imagenet_words import imagenet_words
from vf_ray.types import Example, Made, Raw, Reject, Source, Terms, Tree


def _read(tree: Tree) -> Iterator[FolderRow | Reject]:
    return renamed(image_folder("sketch/{label}/*")(tree), imagenet_words())


IMAGENET_SKETCH = Source(
    name="imagenet_sketch",
    title="ImageNet-Sketch",
    url="https://github.com/HaohanWang/ImageNet-Sketch",
    terms=Terms(licence="MIT (repository)", faces="unknown", stated="github.com/HaohanWang/ImageNet-Sketch"),
    raws=(
        Raw(
            name="imagenet_sketch",
            obtain="Put ImageNet-Sketch.zip (it holds sketch/) here; see "
            "github.com/HaohanWang/ImageNet-Sketch",
        ),
    ),
    read=_read,
)


@IMAGENET_SKETCH.task(
    "object",
    upstream="ImageNet-Sketch+image_classification",
    group="classification",
    category="General Object Classification in Special Image Domain",
    instruction='What is drawn here? Answer in the form "The sketch shows a teapot."',
    evidence="the archive has no names: WordNet's first word for each class, or the usual one",
)
def thing(row: FolderRow) -> Made:
    """The class's word in a sentence."""
    return Example(image=row.image, answer=f"The sketch shows {with_article(row.label)}.")
