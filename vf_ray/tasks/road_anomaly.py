"""Road Anomaly: sixty pictures of roads with something on them that should not be there."""

import re
from collections.abc import Iterator

from vf_ray.instances.shapes import name_it
from vf_ray.sources.fields import text_of
from vf_ray.sources.json_items import json_items
from vf_ray.sources.records import At, parsed
from vf_ray.sources.rows import LabelRow
from vf_ray.types import Download, Made, Raw, Reject, Source, Terms, Tree

ROOT = "RoadAnomaly_jpg"


def _row(listed: object, at: At) -> LabelRow:
    name = text_of(listed, "the name")
    stem = name.rpartition(".")[0]
    label = re.match(r"[^\d]+", stem)
    if label is None:
        raise ValueError(f"{name!r} begins with no group")
    return LabelRow(key=stem, split=at.split, image=f"{ROOT}/frames/{name}", label=label[0])


def _read(tree: Tree) -> Iterator[LabelRow | Reject]:
    return parsed(json_items(tree, f"{ROOT}/frame_list.json", "test"), _row)


ROAD_ANOMALY = Source(
    name="road_anomaly",
    title="Road Anomaly",
    url="https://www.epfl.ch/labs/cvlab/data/road-anomaly/",
    terms=Terms(
        licence="research only; pictures are their owners'",
        training="yes",
        faces="unknown",
        stated="www.epfl.ch/labs/cvlab/data/road-anomaly",
    ),
    raws=(
        Raw(
            name="road_anomaly",
            obtain="Put RoadAnomaly_jpg.zip of www.epfl.ch/labs/cvlab here",
            files=(
                Download(
                    "https://datasets-cvlab.epfl.ch/2019-road-anomaly/RoadAnomaly_jpg.zip",
                    "md5:87a0908e5c72827824693913cf2e4fb0",
                ),
            ),
        ),
    ),
    read=_read,
)


@ROAD_ANOMALY.task(
    "anomaly",
    upstream="Road-Anomaly+anomaly_detection",
    group="classification",
    category="Anomaly Detection",
    instruction="What on or beside the road does not belong there? Answer with one or two words, such as "
    "animals or obstacles.",
    split="test",
    evidence="the target is what the file name says before its number",
)
def anomaly(row: LabelRow) -> Made:
    """The group in the file's name."""
    return name_it(row.image, row.label)
