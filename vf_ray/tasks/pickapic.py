"""Pick-a-Pic: pictures that people had made from their own prompts."""

from collections.abc import Iterator
from hashlib import blake2b

from vf_ray.shapes import caption
from vf_ray.sources.parquet_table import parquet_table
from vf_ray.sources.raw import several
from vf_ray.sources.records import At, Record
from vf_ray.sources.rows import TextRow
from vf_ray.types import Made, Raw, Reject, Source, Terms, Tree

COLUMNS = ("caption", "image_0_uid", "image_1_uid")
PATTERNS = {
    "train": "data/train-*.parquet",
    "val": "data/validation-*.parquet",
    "test": "data/test-*.parquet",
}


def _rows(record: Record, at: At) -> Iterator[TextRow]:
    for side in (0, 1):
        image = f"{at.path}!parquet:jpg_{side}:{at.index}"
        yield TextRow(key=record[f"image_{side}_uid"], split=at.split, image=image, text=record["caption"])


def _read(tree: Tree) -> Iterator[TextRow | Reject]:
    """Yield each picture once: it takes part in several comparisons."""
    seen: set[int] = set()
    found = {s: p for s, p in PATTERNS.items() if tree.glob(p)} or {"train": PATTERNS["train"]}
    for split, pattern in found.items():
        for row in parquet_table(several(tree, split, pattern), COLUMNS, _rows)(tree):
            mark = hash_of(row.key)
            if mark not in seen:
                yield row
            seen.add(mark)


def hash_of(uid: str) -> int:
    """Return 64 bits of a picture's identifier: a million such numbers fit into the memory."""
    return int.from_bytes(blake2b(uid.encode(), digest_size=8).digest(), "big")


PICKAPIC = Source(
    name="pickapic",
    title="Pick-a-Pic",
    url="https://github.com/yuvalkirstain/PickScore",
    terms=Terms(licence="MIT (code)", faces="unknown", stated="github.com/yuvalkirstain/PickScore"),
    raws=(
        Raw(
            name="pickapic",
            obtain="Put the data/*.parquet files of yuvalkirstain/pickapic_v1 (Hugging Face, the one with "
            "pictures) here",
        ),
    ),
    read=_read,
)


@PICKAPIC.task(
    "prompt",
    upstream="PICKAPIC+image_short_description",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="A model drew this image from a prompt. Write a prompt that could have led to it: a short "
    "description.",
    ceiling=0.2,
)
def prompt(row: TextRow) -> Made:
    """What the user had typed."""
    return caption(row.image, row.text)
