"""PlotQA: questions about plots of real-world data."""

from vf_ray.instances.shapes import ask
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.sources.rows import QaRow
from vf_ray.types import Made, Raw, Source, Terms


def _row(record: Fields, at: At) -> QaRow:
    return QaRow(
        key=f"{at.split}/{at.key()}",  # question ids repeat from plot to plot, file names from split to split
        split=at.split,
        image=f"{at.split}/png/{record.id('image_index')}.png",
        question=record["question_string"],
        answer=record.written("answer"),
        kind=record.get("template"),
    )


def _files(split: str) -> tuple[str, ...]:
    """Return the larger second version before the first; the publisher's page writes a small v."""
    return tuple(f"{split}/qa_pairs_{version}.json" for version in ("V2", "v2", "V1", "v1"))


PLOTQA = Source(
    name="plotqa",
    title="PlotQA",
    url="https://github.com/NiteshMethani/PlotQA",
    terms=Terms(
        licence="CC BY 4.0 (data), MIT (code)",
        training="yes",
        redistribution="yes",
        faces="no",
        stated="github.com/NiteshMethani/PlotQA",
    ),
    raws=(
        Raw(
            name="plotqa",
            obtain="Put png/ and qa_pairs_V2.json (or V1) of each split into train/, val/ and test/ here; "
            "the links are at github.com/NiteshMethani/PlotQA",
        ),
    ),
    read=json_array({s: _files(s) for s in ("train", "val", "test")}, _row, items="qa_pairs.item"),
    divisible=True,
)


@PLOTQA.task(
    "answer",
    upstream="PlotQA+visual_question_answering",
    group="question answering",
    category="OCR",
    instruction="Read the plot and answer the question with a number, a label, yes or no.",
)
def answer(row: QaRow) -> Made:
    """One question, one answer."""
    return ask(row.image, row.question, row.answer)
