"""Pick-a-Pic: pictures that people had made from their own prompts."""

from collections.abc import Iterator

from vf_ray.instances.shapes import caption
from vf_ray.raw.tree import several
from vf_ray.sources.fields import Fields
from vf_ray.sources.marks import mark
from vf_ray.sources.parquet_table import parquet_table
from vf_ray.sources.records import At
from vf_ray.sources.rows import TextRow
from vf_ray.types import Made, Raw, Reject, Source, Terms, Tree

COLUMNS, IMAGES = ("caption", "image_0_uid", "image_1_uid"), ("jpg_0", "jpg_1")
PATTERNS = {
    "train": "data/train-*.parquet",
    "val": "data/validation-*.parquet",
    "test": "data/test-*.parquet",
}


def _rows(record: Fields, at: At) -> Iterator[TextRow]:
    for side in (0, 1):
        image = f"{at.path}!parquet:{IMAGES[side]}:{at.index}"
        uid = record.id(f"image_{side}_uid")
        yield TextRow(key=uid, split=at.split, image=image, text=record["caption"])


def _read(tree: Tree) -> Iterator[TextRow | Reject]:
    """Yield each picture once: it takes part in several comparisons."""
    seen: set[int] = set()
    patterns = {s: p for s, p in PATTERNS.items() if tree.glob(p)} or {"train": PATTERNS["train"]}
    for split, pattern in patterns.items():
        for row in parquet_table(several(tree, split, pattern), COLUMNS, _rows, IMAGES)(tree):
            if (known := mark(row.key)) not in seen:
                yield row
            seen.add(known)


PICKAPIC = Source(
    name="pickapic",
    title="Pick-a-Pic",
    url="https://github.com/yuvalkirstain/PickScore",
    terms=Terms(licence="MIT (code)", faces="unknown", stated="github.com/yuvalkirstain/PickScore"),
    raws=(
        Raw(
            name="pickapic",
            obtain="Put the data/*.parquet files of yuvalkirstain/pickapic_v1 (Hugging Face; not those of "
            "pickapic_v1_no_images) here",
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
