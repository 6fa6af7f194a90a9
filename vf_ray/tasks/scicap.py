"""SciCap: figures of arXiv papers with their captions."""

import re
from collections.abc import Iterator

from vf_ray.shapes import caption, tidy
from vf_ray.sources.each_file import each_json
from vf_ray.sources.records import At, Record
from vf_ray.sources.rows import TextRow
from vf_ray.types import Made, Raw, Reject, Source, Terms, Tree

SPLITS = ("train", "val", "test")
_FIGURE = re.compile(r"^\s*fig(?:ure|\.)?\s*\w{1,4}\s*[:.]\s*", re.IGNORECASE)


def _row(record: Record, at: At) -> TextRow:
    folder = at.path.split("/")[-2]
    pictures = f"SciCap-{'Yes' if record['contains-subfigure'] else 'No'}-Subfig-Img"
    return TextRow(
        key=at.key(),
        split=at.split,
        image=f"{pictures}/{folder}/{record['figure-ID']}",
        text=_FIGURE.sub("", tidy(record["0-originally-extracted"])),
    )


def _read(tree: Tree) -> Iterator[TextRow | Reject]:
    """The publisher prints the split folders capitalised, loaders find them in lower case."""
    spellings = {s: (s, s.capitalize()) for s in SPLITS}
    patterns = {
        f"{split} {name}": f"SciCap-Caption-All/{name}/*.json"
        for split, names in spellings.items()
        for name in names
    }
    return each_json(patterns, _row)(tree)


SCICAP = Source(
    name="scicap",
    title="SciCap",
    url="https://github.com/tingyaohsu/SciCap",
    terms=Terms(
        licence="CC BY-NC-SA 4.0",
        training="yes",
        redistribution="yes",
        faces="no",
        stated="github.com/tingyaohsu/SciCap",
    ),
    raws=(
        Raw(name="scicap", obtain="Put scicap_data.zip here; the link is at github.com/tingyaohsu/SciCap"),
    ),
    read=_read,
    code=2,
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
