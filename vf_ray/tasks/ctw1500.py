"""SCUT-CTW1500: photographs of curved lines of text."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from vf_ray.sources.each_file import each_file, each_xml
from vf_ray.sources.records import At
from vf_ray.sources.rows import TextsRow
from vf_ray.text import tidy
from vf_ray.types import Example, Made, Raw, Reject, Source, Terms, Tree

TRAIN = "ctw1500_train_labels/*.xml"
TEST = ("ctw1500_test_labels/*.txt", "gt_ctw1500/*.txt", "test_labels/*.txt", "*/000????.txt", "000????.txt")
"""The publisher's archive has no folder, so it lies wherever somebody unpacked it."""
IGNORED = "###"


def _read_lines(texts: list[str]) -> tuple[str, ...]:
    return tuple(text for text in map(tidy, texts) if text and text != IGNORED)


def _train(root: ET.Element, at: At) -> TextsRow:
    image = root.find("image")
    if image is None:
        raise ValueError("no image element")
    texts = [box.findtext("label") or "" for box in image.findall("box")]
    path = f"train_images/{image.attrib['file']}"
    return TextsRow(key=at.path, split=at.split, image=path, texts=_read_lines(texts))


def _test(data: bytes, at: At) -> TextsRow:
    """A line is 28 integers and the text behind ``####``, all separated by commas."""
    lines = data.decode("utf-8-sig").splitlines()
    texts = [line.split(",", 28)[28].removeprefix("####") for line in lines if line]
    number = int(re.findall(r"\d+", at.path)[-1])
    path = f"test_images/{number:04d}.jpg"
    key = TEST[0].replace("*.txt", at.path.rpartition("/")[2])  # the same wherever it lies
    return TextsRow(key=key, split=at.split, image=path, texts=_read_lines(texts))


def _read(tree: Tree) -> Iterator[TextsRow | Reject]:
    yield from each_xml({"train": TRAIN}, _train)(tree)
    if (test := next(filter(tree.glob, TEST), None)) is not None:
        yield from each_file({"test": test}, _test)(tree)


CTW1500 = Source(
    name="ctw1500",
    title="SCUT-CTW1500",
    url="https://github.com/Yuliang-Liu/Curve-Text-Detector",
    terms=Terms(
        licence="research only",
        training="yes",
        faces="unknown",
        stated="github.com/Yuliang-Liu/Curve-Text-Detector",
    ),
    raws=(
        Raw(
            name="ctw1500",
            obtain="Put train_images.zip, test_images.zip and the train labels of "
            "github.com/Yuliang-Liu/Curve-Text-Detector here, and the test labels, zipped or in a folder",
        ),
    ),
    read=_read,
)


@CTW1500.task(
    "texts",
    upstream="SCUT-CTW1500+text_detection",
    group="generation",
    category="Document-Level OCR",
    instruction="Read the curved and straight lines of text in the photograph and list them, separated by "
    "semicolons.",
    ceiling=0.3,
    evidence="the separator is ours",
)
def texts(row: TextsRow) -> Made:
    """All lines that can be read, in file order."""
    return (
        Example(image=row.image, answer="; ".join(row.texts))
        if row.texts
        else Reject(row.key, "no readable text")
    )
