"""SemArt: paintings with their date, type, school, technique and a commentary."""

import html
from dataclasses import dataclass
from functools import partial

from vf_ray.instances.shapes import caption
from vf_ray.sources.csv_table import Cells, Dialect, csv_table
from vf_ray.sources.records import At
from vf_ray.types import Made, Raw, Row, Source, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintingRow(Row):
    """What the catalogue says about a painting."""

    description: str
    technique: str
    type: str
    school: str
    timeframe: str


def _row(cells: Cells, at: At) -> PaintingRow:
    names = ("description", "technique", "type", "school", "timeframe")
    return PaintingRow(
        key=at.key(),
        split=at.split,
        image=f"SemArt/Images/{cells['IMAGE_FILE']}",
        **{name: html.unescape(cells[name.upper()]) for name in names},
    )


SEMART = Source(
    name="semart",
    title="SemArt",
    url="https://github.com/noagarcia/SemArt",
    terms=Terms(faces="no"),
    raws=(Raw(name="semart", obtain="Put SemArt.zip of researchdata.aston.ac.uk here"),),
    read=csv_table(
        {s: f"SemArt/semart_{s}.csv" for s in ("train", "val", "test")},
        _row,
        Dialect(separator="\t", otherwise="cp1252"),
    ),
)
INSTRUCTIONS = {
    "timeframe": "In which span of fifty years was this painting made? Answer in the form 1601-1650.",
    "type": "Which type of painting is this: religious, portrait, landscape, mythological, genre, "
    "still-life, historical, interior, study or other? Answer with one of these.",
    "school": "To which national school does the painter belong? Answer with one adjective, such as Italian, "
    "or with Other.",
    "technique": "In which technique was the painting made, on what, and how large is it, as far as can be "
    "told? Answer as a catalogue does, such as Oil on canvas, 60 x 80 cm.",
}


def _field(row: PaintingRow, name: str) -> Made:
    return caption(row.image, getattr(row, name))


for name, instruction in INSTRUCTIONS.items():
    SEMART.task(
        name,
        upstream=f"semart+image_{name}",
        group="generation",
        category="Semantic Art Understanding",
        instruction=instruction,
    )(partial(_field, name=name))


@SEMART.task(
    "description",
    upstream="semart+image_description",
    group="generation",
    category="Semantic Art Understanding",
    instruction="Comment on the painting in a paragraph, as a museum guide would: what it shows, how it is "
    "made, what is known about it.",
)
def description(row: PaintingRow) -> Made:
    """The whole commentary."""
    return caption(row.image, row.description)
