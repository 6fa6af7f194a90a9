"""CoVA: screenshots of shops' web pages."""

from vf_ray.instances.shapes import name_it
from vf_ray.sources.csv_table import Cells, csv_table
from vf_ray.sources.records import At
from vf_ray.sources.rows import LabelRow
from vf_ray.types import Made, Raw, Source, Terms


def _row(cells: Cells, at: At) -> LabelRow:
    page = cells["webpage_name"].removesuffix(".png")
    return LabelRow(key=at.key(page), split=at.split, image=f"imgs/{page}.png", label=cells["domain"])


COVA = Source(
    name="cova",
    title="CoVA",
    url="https://github.com/kevalmorabia97/CoVA-Web-Object-Detection",
    terms=Terms(
        licence="Apache-2.0 (repository); the pages are their shops'",
        faces="unknown",
        stated="github.com/kevalmorabia97/CoVA-Web-Object-Detection",
    ),
    raws=(
        Raw(
            name="cova",
            obtain="Put splits/webpage_info.csv of github.com/kevalmorabia97/CoVA-Web-Object-Detection and "
            "the imgs/ folder it links to here",
        ),
    ),
    read=csv_table({"all": ("splits/webpage_info.csv", "webpage_info.csv")}, _row),
)


@COVA.task(
    "website",
    upstream="CoVA+webpage_recognition",
    group="generation",
    category="Phrase-Level OCR",
    instruction="The image is a screenshot of a web page. Give the address of the website, such as "
    "www.example.com.",
    evidence="all pages: the five published folds are for cross-validation",
)
def website(row: LabelRow) -> Made:
    """The page's domain."""
    return name_it(row.image, row.label)
