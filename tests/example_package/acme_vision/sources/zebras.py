"""Acme's zebras: how many stripes a picture shows."""

from vf_ray.instances.shapes import ask, choose
from vf_ray.types import Made, Raw, Source, Terms

from ..stripes_file import ZebraRow, read_stripes

ZEBRAS = Source(
    name="zebras",
    title="Acme's zebras",
    url="https://acme.example/zebras",
    terms=Terms(licence="Acme's own", training="yes"),
    raws=(Raw(name="zebras", obtain="Ask Acme for zebras.zip"),),
    read=read_stripes,
    divisible=True,
)


@ZEBRAS.task("count", group="question answering", category="Counting", instruction="Answer with a number.")
def count(row: ZebraRow) -> Made:
    """How many there are."""
    return ask(row.image, "How many stripes are there?", str(row.stripes))


@ZEBRAS.task(
    "many", group="classification", category="Counting", instruction="Are there more than three stripes?"
)
def many(row: ZebraRow) -> Made:
    """More than three, or not."""
    return choose(row.image, "yes" if row.stripes > 3 else "no", ("yes", "no"))
