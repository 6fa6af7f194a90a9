"""Geometry3K: multiple-choice problems about a geometry diagram."""

from vf_ray.instances.shapes import choose
from vf_ray.sources.each_file import each_json
from vf_ray.sources.fields import Fields
from vf_ray.sources.records import At
from vf_ray.sources.rows import QaRow
from vf_ray.text import tidy
from vf_ray.types import Made, Raw, Source, Terms

LETTERS = "ABCD"


def _row(record: Fields, at: At) -> QaRow:
    choices = tuple(map(tidy, record.all_written("choices")))
    return QaRow(
        key=at.path.removesuffix("/data.json"),
        split=at.split,
        image=at.path.replace("data.json", "img_diagram.png"),
        question=tidy(record["problem_text"]),
        answer=choices[LETTERS.index(record["answer"])],
        options=choices,
    )


GEOMETRY3K = Source(
    name="geometry3k",
    title="Geometry3K",
    url="https://lupantech.github.io/inter-gps/",
    terms=Terms(licence="MIT (repository)", faces="no", stated="github.com/lupantech/InterGPS"),
    raws=(
        Raw(
            name="geometry3k",
            obtain="Put train.zip, val.zip and test.zip of github.com/lupantech/InterGPS "
            "(data/geometry3k) into geometry3k/, or unzip them there",
        ),
    ),
    read=each_json({s: f"geometry3k/{s}/*/data.json" for s in ("train", "val", "test")}, _row),
)


@GEOMETRY3K.task(
    "choice",
    upstream="GEOMETRY3K+geometry_question_answer",
    group="question answering",
    category="Reasoning",
    instruction="Solve the geometry problem with the help of the diagram. Answer with the letter and the "
    "value of the right option.",
)
def choice(row: QaRow) -> Made:
    """The right one of four values."""
    return choose(row.image, row.answer, row.options, row.question)
