"""Conceptual Captions: web pictures with cleaned alt texts, in which names became "person"."""

from collections.abc import Iterator

from vf_ray.instances.shapes import caption
from vf_ray.sources.csv_table import Cells, Dialect, csv_table
from vf_ray.sources.marks import mark, repeated
from vf_ray.sources.records import At
from vf_ray.sources.rows import TextRow
from vf_ray.types import Made, Raw, Reject, Source, Terms, Tree

FILES = {"train": "Train_GCC-training.tsv", "val": "Validation_GCC-1.1.0-Validation.tsv"}
PLAIN = Dialect(separator="\t", quoted=False, columns=("caption", "url"))


def _row(cells: Cells, at: At) -> TextRow | Reject:
    """Name a downloaded picture as Vision-Flan does: by the last part of its address."""
    name = cells["url"].rpartition("/")[2]
    if not name:
        return Reject(at.key(), "address without a file name", cells["url"])
    return TextRow(key=at.key(), split=at.split, image=f"images/{name}", text=cells["caption"])


def _read(tree: Tree) -> Iterator[TextRow | Reject]:
    """Yield the records whose pictures can still be told apart in one folder."""
    rows = csv_table(FILES, _row, PLAIN)
    ambiguous = repeated(row.image for row in rows(tree) if isinstance(row, TextRow))
    for row in rows(tree):
        if isinstance(row, TextRow) and mark(row.image) in ambiguous:
            yield Reject(row.key, "file name of several addresses", row.image)
        else:
            yield row


CONCEPTUAL_CAPTIONS = Source(
    name="conceptual_captions",
    title="Conceptual Captions",
    url="https://github.com/google-research-datasets/conceptual-captions",
    terms=Terms(
        licence="free for any purpose, acknowledgement asked (captions); pictures are their owners'",
        faces="yes",
        stated="github.com/google-research-datasets/conceptual-captions",
    ),
    raws=(
        Raw(
            name="conceptual_captions",
            obtain="Put Train_GCC-training.tsv and Validation_GCC-1.1.0-Validation.tsv of "
            "ai.google.com/research/ConceptualCaptions here and download each address to images/, under "
            "its last part",
        ),
    ),
    read=_read,
)


@CONCEPTUAL_CAPTIONS.task(
    "caption",
    upstream="ConceptualCaptions+image_captioning",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="Caption this picture from the web in one lower-case phrase; call people simply person.",
    ceiling=0.5,  # dead addresses
    evidence="pictures lie under the last part of their addresses; those that share one are left out",
)
def image_caption(row: TextRow) -> Made:
    """The cleaned alt text."""
    return caption(row.image, row.text)
