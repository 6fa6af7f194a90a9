"""ImageNet-R: art, cartoons, toys and other renditions of 200 ImageNet classes."""

from collections.abc import Iterator

from vf_ray.instances.shapes import name_it
from vf_ray.sources.image_folder import FolderRow, image_folder, renamed
from vf_ray.sources.imagenet_words import imagenet_words
from vf_ray.text import words
from vf_ray.types import Download, Made, Raw, Reject, Source, Terms, Tree

DOMAINS = (
    "art", "cartoon", "deviantart", "embroidery", "graffiti", "graphic", "misc", "origami", "painting",
    "sculpture", "sketch", "sticker", "tattoo", "toy", "videogame",
)  # fmt: skip
USUAL = {"deviantart": "digital art", "misc": "something else", "videogame": "video game"}
"""What file names begin with, as people say it."""


def _read(tree: Tree) -> Iterator[FolderRow | Reject]:
    return renamed(image_folder("imagenet-r/{label}/{domain}_*", split="test")(tree), imagenet_words())


IMAGENET_R = Source(
    name="imagenet_r",
    title="ImageNet-R",
    url="https://github.com/hendrycks/imagenet-r",
    terms=Terms(licence="MIT (repository)", faces="unknown", stated="github.com/hendrycks/imagenet-r"),
    raws=(
        Raw(
            name="imagenet_r",
            obtain="Put imagenet-r.tar of github.com/hendrycks/imagenet-r here",
            files=(
                # checksum: url_checksums/imagenet_r.txt of tensorflow/datasets
                Download(
                    "https://people.eecs.berkeley.edu/~hendrycks/imagenet-r.tar",
                    "sha256:18c6bf493b39a0d975d48e587437f562caab9c52ae6327dcfa9dd8eb54aa1b52",
                    2_191_079_936,
                ),
            ),
        ),
    ),
    read=_read,
)


@IMAGENET_R.task(
    "object",
    upstream="ImageNet-R+image_classification",
    group="classification",
    category="General Object Classification in Special Image Domain",
    instruction="Somebody drew, built or painted this. Name what it depicts in one to four words.",
    split="test",
)
def thing(row: FolderRow) -> Made:
    """The class."""
    return name_it(row.image, row.label)


@IMAGENET_R.task(
    "domain",
    upstream="ImageNet-R+image_domain_classification",
    group="classification",
    category="Image-Style Classification",
    instruction="What kind of rendition is this? Answer with one of: "
    f"{', '.join(words(domain, USUAL) for domain in DOMAINS)}.",
    split="test",
)
def domain(row: FolderRow) -> Made:
    """What the file name begins with."""
    if row.domain not in DOMAINS:
        return Reject(row.key, "unknown kind of rendition", row.domain)
    return name_it(row.image, row.domain, USUAL)
