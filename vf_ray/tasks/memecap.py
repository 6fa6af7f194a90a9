"""MemeCap: memes with what they show and what they mean."""

from collections.abc import Iterator
from functools import partial

from vf_ray.instances.shapes import ask
from vf_ray.sources.fields import Fields, text_of
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At, parts
from vf_ray.sources.rows import QaRow
from vf_ray.text import prose
from vf_ray.types import Made, Raw, Reject, Source, Terms

KINDS = ("meme_captions", "img_captions")


def _rows(record: Fields, at: At) -> Iterator[QaRow | Reject]:
    def row(index: int, text: object, kind: str) -> QaRow:
        return QaRow(
            key=at.key(record.id("post_id"), kind, index),
            split=at.split,
            image=f"memes/{record['img_fname']}",
            question=record["title"],
            answer=prose(text_of(text, f"an item of {kind!r}")),
            kind=kind,
        )

    for kind in KINDS:
        yield from parts(record.items(kind), at, partial(row, kind=kind))


MEMECAP = Source(
    name="memecap",
    title="MemeCap",
    url="https://github.com/eujhwang/meme-cap",
    terms=Terms(faces="yes"),
    raws=(
        Raw(
            name="memecap",
            obtain="Put data/memes-trainval.json and data/memes-test.json of github.com/eujhwang/meme-cap "
            "and the pictures it links to (memes/) here",
        ),
    ),
    read=json_array(
        {
            "train": ("memes-trainval.json", "data/memes-trainval.json"),
            "test": ("memes-test.json", "data/memes-test.json"),
        },
        _rows,
    ),
)


@MEMECAP.task(
    "meaning",
    upstream="MemeCap+meme_captioning",
    group="generation",
    category="Rational and Script Generation",
    instruction="The title of this meme is given. Explain in one sentence what its author wants to say.",
)
def meaning(row: QaRow) -> Made:
    """One instance per explanation."""
    return ask(row.image, f"Title: {row.question}", row.answer) if row.kind == KINDS[0] else None


@MEMECAP.task(
    "literal_caption",
    upstream="MemeCap+image_captioning",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="Describe in one sentence what can literally be seen in the picture of this meme, leaving "
    "its joke aside.",
    evidence="not in the paper's list; group and category are ours",
)
def literal_caption(row: QaRow) -> Made:
    """One instance per literal description."""
    return ask(row.image, f"Title: {row.question}", row.answer) if row.kind == KINDS[1] else None
