"""ImageNet-A: photographs of 200 ImageNet classes that fool classifiers."""

from collections.abc import Iterator

from vf_ray.instances.nouns import with_article
from vf_ray.instances.shapes import choose
from vf_ray.sources.image_folder import FolderRow, image_folder, renamed
from vf_ray.sources.imagenet_words import imagenet_words
from vf_ray.types import Download, Made, Pool, Raw, Reject, Source, Terms, Tree


def _read(tree: Tree) -> Iterator[FolderRow | Reject]:
    return renamed(image_folder("imagenet-a/{label}/*", split="test")(tree), imagenet_words())


IMAGENET_A = Source(
    name="imagenet_a",
    title="ImageNet-A",
    url="https://github.com/hendrycks/natural-adv-examples",
    terms=Terms(
        licence="MIT (repository)", faces="unknown", stated="github.com/hendrycks/natural-adv-examples"
    ),
    raws=(
        Raw(
            name="imagenet_a",
            obtain="Put imagenet-a.tar of github.com/hendrycks/natural-adv-examples here",
            files=(
                # checksum: url_checksums/imagenet_a.txt of tensorflow/datasets
                Download(
                    "https://people.eecs.berkeley.edu/~hendrycks/imagenet-a.tar",
                    "sha256:3bb3632277e6ba6392ea64c02ddbf4dd2266c9caffd6bc09c9656d28f012589e",
                    687_552_512,
                ),
            ),
        ),
    ),
    read=_read,
)


def _sentence(word: str) -> str:
    return f"The image shows {with_article(word)}."


@IMAGENET_A.task(
    "object",
    upstream="ImageNet-A+image_classification",
    group="classification",
    category="General Object",
    instruction="The subject is easily mistaken for something else. Which sentence is true? Answer with the "
    "letter and the sentence.",
    pool=lambda row: row.label,
    split="test",
)
def thing(row: FolderRow, pool: Pool) -> Made:
    """The true sentence among seven about other classes."""
    names = (row.label, *pool.draw(7, beside=row.label))
    return choose(row.image, _sentence(row.label), tuple(map(_sentence, names)))
