"""Conceptual Captions: web pictures with cleaned alt texts, in which names became "person"."""

from vf_ray.shapes import caption
from vf_ray.sources.csv_table import Dialect, csv_table
from vf_ray.sources.records import At, Record
from vf_ray.sources.rows import TextRow
from vf_ray.types import Made, Raw, Source, Terms


def _row(cells: Record, at: At) -> TextRow:
    name = cells["url"].rpartition("/")[2]
    return TextRow(key=at.key(), split=at.split, image=f"images/{name}", text=cells["caption"])


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
    read=csv_table(
        {"train": "Train_GCC-training.tsv", "val": "Validation_GCC-1.1.0-Validation.tsv"},
        _row,
        Dialect(separator="\t", quoted=False, columns=("caption", "url")),
    ),
)


@CONCEPTUAL_CAPTIONS.task(
    "caption",
    upstream="ConceptualCaptions+image_captioning",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="Caption this picture from the web in one lower-case phrase; call people simply person.",
    ceiling=0.5,  # dead addresses
)
def image_caption(row: TextRow) -> Made:
    """The cleaned alt text."""
    return caption(row.image, row.text)
