"""Tux Paint's stamps: cut-out photographs and drawings, sorted into folders, each with a sentence."""

from vf_ray.instances.shapes import caption, choose
from vf_ray.sources.text_beside import TextFileRow, text_beside
from vf_ray.types import Made, Raw, Source, Terms

STAMPS = Source(
    name="tuxpaint_stamps",
    title="Tux Paint stamps",
    url="https://tuxpaint.org/stamps",
    terms=Terms(
        licence="GPL-2.0-or-later", training="unknown", redistribution="yes", faces="unknown",
        stated="the package's copyright file",
    ),
    raws=(
        Raw(
            name="tuxpaint_stamps",
            obtain="Unpack the Debian package here: apt-get download tuxpaint-stamps-default && dpkg-deb -x "
            "tuxpaint-stamps-default_*.deb tuxpaint_stamps",
        ),
    ),
    read=text_beside("usr/share/tuxpaint/stamps"),
)  # fmt: skip
KINDS = {
    "animals": "animal",
    "food": "food",
    "plants": "plant",
    "seasonal": "something for a holiday",
    "symbols": "symbol",
    "town": "something in a town",
    "vehicles": "vehicle",
}
"""Folder -> what is in it; the others hold few."""


@STAMPS.task(
    "caption",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="Describe the stamp in a sentence.",
    ceiling=0.1,
)
def stamp_caption(row: TextFileRow) -> Made:
    """The publisher's sentence."""
    return caption(row.image, row.text)


@STAMPS.task(
    "kind",
    group="classification",
    category="General Object",
    instruction="What kind of thing does the stamp show? Answer with the letter and the text.",
    ceiling=0.1,
)
def kind(row: TextFileRow) -> Made:
    """The folder, among the large ones."""
    known = KINDS.get(row.folders[0]) if row.folders else None
    return choose(row.image, known, tuple(KINDS.values())) if known else None


@STAMPS.task(
    "talk",
    group="generation",
    category="Conversation (from templates, a stand-in for GPT-4's answers)",
    instruction="Could you tell me more about this stamp?",
    ceiling=0.1,
)
def talk(row: TextFileRow) -> Made:
    """A long answer for a second stage."""
    if not row.folders:
        return None
    return caption(
        row.image,
        f"Gladly! This is a stamp out of a drawing program for children. {row.text} Its makers have filed "
        f"it under {row.folders[0]}, beside many others of that kind.",
    )
