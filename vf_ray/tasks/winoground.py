"""Winoground: two pictures and two captions of the same words in another order."""

from collections.abc import Iterator

from vf_ray.instances.shapes import choose
from vf_ray.raw.tree import several
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_lines import json_lines
from vf_ray.sources.parquet_table import parquet_table
from vf_ray.sources.records import At
from vf_ray.sources.rows import QaRow
from vf_ray.text import tidy
from vf_ray.types import Made, Raw, Reject, Source, Terms, Tree

TABLES = "data/test-*.parquet"
"""What the publisher replaced the lines and the pictures by."""


def _rows(record: Fields, at: At) -> Iterator[QaRow]:
    options = (tidy(record["caption_0"]), tidy(record["caption_1"]))
    for side in (0, 1):
        packed = f"{at.path}!parquet:image_{side}:{at.index}"
        yield QaRow(
            key=f"{record.id('id')}/image_{side}",
            split=at.split,
            image=f"images/{record[f'image_{side}']}.png" if f"image_{side}" in record else packed,
            question="",
            answer=options[side],
            options=options,
        )


def _read(tree: Tree) -> Iterator[QaRow | Reject]:
    if tree.glob(TABLES):
        columns = ("id", "caption_0", "caption_1")
        return parquet_table(several(tree, "test", TABLES), columns, _rows)(tree)
    return json_lines({"test": ("examples.jsonl", "data/examples.jsonl", "metadata.jsonl")}, _rows)(tree)


WINOGROUND = Source(
    name="winoground",
    title="Winoground",
    url="https://huggingface.co/datasets/facebook/winoground",
    terms=Terms(faces="yes"),  # said to have a research licence of Meta and Getty Images; not evidenced
    raws=(
        Raw(
            name="winoground",
            obtain="Accept the terms of facebook/winoground (Hugging Face) and put examples.jsonl and "
            "images.zip of its data/ folder, or the Parquet files there, here",
        ),
    ),
    read=_read,
)


@WINOGROUND.task(
    "caption_choice",
    upstream="Winoground+image_captioning",
    group="classification",
    category="Image Text Matching",
    instruction="Both captions use the same words. Which one describes the image? Answer with the "
    "letter and the text of one option.",
    split="test",
)
def caption_choice(row: QaRow) -> Made:
    """One instance per picture."""
    return choose(row.image, row.answer, row.options)
