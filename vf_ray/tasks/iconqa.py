"""IconQA: school questions about abstract diagrams, with texts to choose from or a blank to fill."""

from vf_ray.instances.shapes import ask, choose
from vf_ray.sources.each_file import each_json
from vf_ray.sources.fields import Fields
from vf_ray.sources.records import At
from vf_ray.sources.rows import QaRow
from vf_ray.text import tidy
from vf_ray.types import Download, Made, Raw, Source, Terms


def _row(record: Fields, at: At) -> QaRow:
    choices = record.all_written("choices") if "choices" in record else ()
    return QaRow(
        key=at.path.removesuffix("/data.json"),
        split=at.split,
        image=at.path.replace("data.json", "image.png"),
        question=record["question"],
        answer=record.element("answer", choices) if choices else record.written("answer"),
        options=choices,
        kind=at.path.split("/")[-3],
    )


ICONQA = Source(
    name="iconqa",
    title="IconQA",
    url="https://iconqa.github.io/",
    terms=Terms(
        licence="CC BY-NC-SA 4.0", training="yes", redistribution="yes", faces="no", stated="iconqa.github.io"
    ),
    raws=(
        Raw(
            name="iconqa",
            obtain="Put iconqa_data.zip of iconqa.github.io here, or unzip it",
            files=(Download("https://iconqa2021.s3.us-west-1.amazonaws.com/iconqa_data.zip"),),
        ),
    ),
    read=each_json(
        {
            f"{split} {kind}": f"iconqa_data/iconqa/{split}/{kind}/*/data.json"
            for split in ("train", "val", "test")
            for kind in ("choose_txt", "fill_in_blank")
        },
        _row,
    ),
)


@ICONQA.task(
    "choose_text",
    upstream="iconqa+choose_txt",
    group="question answering",
    category="Reasoning",
    instruction="Look at the diagram and answer the question with the letter and the text of one option.",
    evidence="the options are listed, although the published sample leaves them out: many questions "
    "cannot be answered without",
)
def choose_text(row: QaRow) -> Made:
    """The right choice."""
    if row.kind != "choose_txt":
        return None
    return choose(row.image, tidy(row.answer), tuple(map(tidy, row.options)), tidy(row.question))


@ICONQA.task(
    "fill_in_blank",
    upstream="iconqa+fill_in_blank",
    group="question answering",
    category="Reasoning",
    instruction="Work out from the diagram what belongs in the blank. Answer with that word or number only.",
)
def fill_in_blank(row: QaRow) -> Made:
    """What belongs in the blank."""
    return ask(row.image, row.question, row.answer) if row.kind == "fill_in_blank" else None
