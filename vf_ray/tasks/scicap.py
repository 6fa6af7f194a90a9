"""SciCap: figures of arXiv papers with their captions."""

import re
from collections.abc import Iterator

from vf_ray.instances.shapes import caption
from vf_ray.sources.each_file import each_json
from vf_ray.sources.fields import Fields
from vf_ray.sources.records import At
from vf_ray.sources.rows import TextRow
from vf_ray.text import tidy
from vf_ray.types import Made, Raw, Reject, Source, Terms, Tree

SPLITS = ("train", "val", "test")
CAPTIONS = "SciCap-Caption-All"
_FIGURE = re.compile(r"^\s*fig(?:ure|\.)?\s*\w{1,4}\s*[:.]\s*", re.IGNORECASE)


def _row(record: Fields, at: At) -> TextRow:
    folder = at.path.split("/")[-2]
    images = f"SciCap-{'Yes' if record.flag('contains-subfigure') else 'No'}-Subfig-Img"
    return TextRow(
        key=at.path,
        split=at.split,
        image=f"{images}/{folder}/{record['figure-ID']}",
        text=_FIGURE.sub("", tidy(record["0-originally-extracted"])),
    )


def _captions(tree: Tree, split: str) -> str:
    """Return the pattern of a split's files; the README capitalises the folder, loaders do not."""
    patterns = (f"{CAPTIONS}/{name}/*.json" for name in (split, split.capitalize()))
    return next(filter(tree.glob, patterns), f"{CAPTIONS}/{split}/*.json")


def _read(tree: Tree) -> Iterator[TextRow | Reject]:
    return each_json({split: _captions(tree, split) for split in SPLITS}, _row)(tree)


SCICAP = Source(
    name="scicap",
    title="SciCap",
    url="https://github.com/tingyaohsu/SciCap",
    terms=Terms(
        licence="CC BY-NC-SA 4.0",
        training="yes",
        redistribution="yes",
        faces="unknown",
        stated="github.com/tingyaohsu/SciCap",
    ),
    raws=(
        Raw(name="scicap", obtain="Put scicap_data.zip here; the link is at github.com/tingyaohsu/SciCap"),
    ),
    read=_read,
)


@SCICAP.task(
    "caption",
    upstream="SciCap+figure_captioning",
    group="generation",
    category="Fine-grained Captioning",
    instruction="The image is a figure of a scientific paper. Write its caption in one or several sentences.",
    evidence="the paper names the task, the id is ours; of the three forms of a caption the original one, "
    "without the figure's number",
)
def figure_caption(row: TextRow) -> Made:
    """The original caption."""
    return caption(row.image, row.text)
