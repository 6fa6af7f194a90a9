"""FlickrLogos-27: photographs with the logo of one of 27 brands."""

from collections.abc import Iterator

from vf_ray.instances.shapes import name_it
from vf_ray.sources.list_file import list_file
from vf_ray.sources.records import At
from vf_ray.sources.rows import LabelRow
from vf_ray.types import Download, Made, Raw, Reject, Source, Terms, Tree

ROOT = "flickr_logos_27_dataset"
FILES = {
    "train": f"{ROOT}/{ROOT}_training_set_annotation.txt",
    "test": f"{ROOT}/{ROOT}_query_set_annotation.txt",
}
BRANDS = frozenset(
    [
        "Adidas", "Apple", "BMW", "Citroen", "Cocacola", "DHL", "Fedex", "Ferrari", "Ford", "Google", "HP",
        "Heineken", "Intel", "McDonalds", "Mini", "Nbc", "Nike", "Pepsi", "Porsche", "Puma", "RedBull",
        "Sprite", "Starbucks", "Texaco", "Unicef", "Vodafone", "Yahoo",
    ]
)  # fmt: skip
USUAL = {
    "Citroen": "Citroën", "Cocacola": "Coca-Cola", "Fedex": "FedEx", "McDonalds": "McDonald's", "Nbc": "NBC",
    "RedBull": "Red Bull", "Unicef": "UNICEF",
}  # fmt: skip
"""Brands that the list does not write as they do."""


def _row(line: str, at: At) -> LabelRow:
    name, label = line.split()[:2]
    return LabelRow(key=at.key(name), split=at.split, image=f"{ROOT}_images/{name}", label=label)


def _read(tree: Tree) -> Iterator[LabelRow | Reject]:
    """Yield each picture once: the training list has a line for every box, some of them twice."""
    first: dict[str, LabelRow | Reject] = {}
    for row in list_file(FILES, _row)(tree):
        earlier = first.setdefault(row.key, row)
        if isinstance(row, LabelRow) and isinstance(earlier, LabelRow) and row.label != earlier.label:
            first[row.key] = Reject(row.key, "logos of two brands", f"{earlier.label}, {row.label}")
    yield from first.values()


FLICKR_LOGOS_27 = Source(
    name="flickr_logos_27",
    title="FlickrLogos-27",
    url="http://image.ntua.gr/iva/datasets/flickr_logos/",
    terms=Terms(faces="unknown"),
    raws=(
        Raw(
            name="flickr_logos_27",
            obtain="Put flickr_logos_27_dataset.tar.gz of image.ntua.gr/iva/datasets/flickr_logos here",
            files=(
                Download("http://image.ntua.gr/iva/datasets/flickr_logos/flickr_logos_27_dataset.tar.gz"),
            ),
        ),
    ),
    read=_read,
)


@FLICKR_LOGOS_27.task(
    "brand",
    upstream="FlickrLogos-27+logo_detection",
    group="generation",
    category="Phrase-Level OCR",
    instruction="There is a logo in the image. Name its brand in one or two words.",
)
def brand(row: LabelRow) -> Made:
    """The brand; a query picture without one is not asked about."""
    return name_it(row.image, row.label, USUAL) if row.label in BRANDS else None
