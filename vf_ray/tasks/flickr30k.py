"""Flickr30k: five sentences by people about each photograph."""

from collections.abc import Iterator
from itertools import groupby

from vf_ray.instances.shapes import numbered
from vf_ray.raw.shared import FLICKR30K_IMAGES
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.list_file import lines
from vf_ray.sources.records import At
from vf_ray.sources.rows import TextsRow
from vf_ray.text import distinct
from vf_ray.types import Example, Made, Raw, Reject, Source, Terms, Tree

RAW_TEXTS, TOKENS = "dataset_flickr30k.json", "results_20130124.token"
FIVE = 5


def _row(record: Fields, at: At) -> TextsRow:
    name = record["filename"]
    texts = tuple(sentence["raw"] for sentence in record.objects("sentences"))
    return TextsRow(key=name, split=record["split"], image=f"flickr30k-images/{name}", texts=texts)


def _tokenised(tree: Tree) -> Iterator[TextsRow]:
    """Yield rows of the publisher's own list, whose lines are ``name.jpg#0<TAB>sentence .``"""
    named = ((line.partition("#")[0], line.partition("\t")[2]) for line, _ in lines(tree, TOKENS))
    for name, group in groupby(named, key=lambda pair: pair[0]):
        texts = tuple(text for _, text in group)
        yield TextsRow(key=name, split="all", image=f"flickr30k-images/{name}", texts=texts)


def _read(tree: Tree) -> Iterator[TextsRow | Reject]:
    if tree.exists(TOKENS) and not tree.exists(RAW_TEXTS):
        return iter(_tokenised(tree))
    return json_array({"all": RAW_TEXTS}, _row, items="images.item")(tree)


FLICKR30K = Source(
    name="flickr30k",
    title="Flickr30k",
    url="https://bryanplummer.com/Flickr30kEntities/",
    terms=Terms(
        licence="non-commercial research",
        training="yes",
        faces="yes",
        stated="the request form of the Denotation Graph page",
    ),
    raws=(
        Raw(
            name="flickr30k",
            obtain="Put dataset_flickr30k.json (Karpathy's splits, untokenised) here, or else "
            "results_20130124.token of flickr30k.tar.gz",
        ),
        FLICKR30K_IMAGES,
    ),
    read=_read,
)


@FLICKR30K.task(
    "captions",
    upstream="FLICKR30K+caption_image",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="Describe the image in five different ways: a numbered list of five short sentences.",
)
def captions(row: TextsRow) -> Made:
    """All five sentences in file order."""
    texts = distinct(filter(str.strip, row.texts))
    if len(texts) != FIVE:
        return Reject(row.key, "not five different sentences", repr(row.texts)[:200])
    return Example(image=row.image, answer=numbered(texts))
