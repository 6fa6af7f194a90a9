"""WIT: Wikipedia pictures with the page texts around them (English rows)."""

import re
from collections.abc import Iterator

from vf_ray.instances.shapes import caption
from vf_ray.raw.tree import several
from vf_ray.sources.csv_table import TSV, Cells, csv_table
from vf_ray.sources.records import At
from vf_ray.sources.rows import TextRow
from vf_ray.text import tidy
from vf_ray.types import Made, Raw, Reject, Source, Terms, Tree

DRAWING = "image/svg+xml"
_END = re.compile(r"[.!?][\")]?(?=\s+[^\sa-z]|$)")
_ABBREVIATED = re.compile(
    r"(?:\b\w|\b(?:Mr|Mrs|Ms|Dr|Prof|St|Mt|Ft|Lt|Sgt|Capt|Col|Gen|Rev|Hon|Jr|Sr|No|Co|Inc|Ltd|vs|ca))\.$"
)


def first_sentence(text: str) -> str:
    """Return text up to its first full stop that belongs to no initial (``J.``, ``U.S.``) or title."""
    ends = (text[: match.end()] for match in _END.finditer(text))
    return next((start for start in ends if not _ABBREVIATED.search(start)), text)


def _row(cells: Cells, at: At) -> TextRow | Reject | tuple[()]:
    if cells["language"] != "en":
        return ()
    if cells["mime_type"] == DRAWING:
        return Reject(at.key(), "picture is a vector drawing")
    name = cells["image_url"].rpartition("/")[2]
    text = tidy(cells["context_page_description"])
    return TextRow(key=at.key(), split=at.split, image=f"images/{name}", text=text)


def _read(tree: Tree) -> Iterator[TextRow | Reject]:
    patterns = {"train": "wit_v1.train.*.tsv*", "val": "wit_v1.val.*.tsv*", "test": "wit_v1.test.*.tsv*"}
    present = {s: p for s, p in patterns.items() if tree.glob(p)} or {"train": patterns["train"]}
    for split, pattern in present.items():
        yield from csv_table(several(tree, split, pattern), _row, TSV)(tree)


WIT = Source(
    name="wit",
    title="WIT",
    url="https://github.com/google-research-datasets/wit",
    terms=Terms(
        licence="CC BY-SA 3.0 (texts); pictures under their own licences",
        faces="yes",
        stated="github.com/google-research-datasets/wit",
    ),
    raws=(
        Raw(
            name="wit",
            obtain="Put the wit_v1.*.tsv.gz files of github.com/google-research-datasets/wit here and "
            "download each image_url of the English rows to images/, under the last part of the address",
        ),
    ),
    read=_read,
    divisible=True,
)


@WIT.task(
    "background",
    upstream="WIT+detailed_description",
    group="generation",
    category="Knowledge Extraction",
    instruction="Say in one sentence, as an encyclopedia would, what the subject of the image is and what "
    "should be known about it.",
    ceiling=0.5,
    evidence="the first sentence of the page's description; the authors' column is not published",
)
def background(row: TextRow) -> Made:
    """The first sentence about the page's subject."""
    if not row.text:
        return Reject(row.key, "no page description")
    return caption(row.image, first_sentence(row.text))
