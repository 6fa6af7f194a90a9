"""DeepWeeds: eight species of Australian weeds, and ground without them."""

from vf_ray.instances.shapes import name_it
from vf_ray.sources.csv_table import Cells, csv_table
from vf_ray.sources.records import At
from vf_ray.sources.rows import LabelRow
from vf_ray.types import Made, Raw, Source, Terms


def _row(cells: Cells, at: At) -> LabelRow:
    name = cells["Filename"]
    return LabelRow(key=at.key(name), split=at.split, image=f"images/{name}", label=cells["Species"])


DEEPWEEDS = Source(
    name="deepweeds",
    title="DeepWeeds",
    url="https://github.com/AlexOlsen/DeepWeeds",
    terms=Terms(
        licence="CC BY 4.0 (data), Apache-2.0 (code)",
        training="yes",
        redistribution="yes",
        faces="no",
        stated="github.com/AlexOlsen/DeepWeeds",
    ),
    raws=(
        Raw(
            name="deepweeds",
            obtain="Put images.zip and labels/labels.csv of github.com/AlexOlsen/DeepWeeds here",
        ),
    ),
    read=csv_table({"all": ("labels/labels.csv", "labels.csv")}, _row),
)


@DEEPWEEDS.task(
    "species",
    upstream="DeepWeeds+weed_species_recognition",
    group="classification",
    category="Animal Classification",
    instruction="Which weed grows here? Answer with its common name, such as Snake weed, or with Negative if "
    "none of the known weeds is in the image.",
    evidence="pictures without a weed stay in, as Negative",
)
def species(row: LabelRow) -> Made:
    """The species column."""
    return name_it(row.image, row.label)
