"""AI2D: multiple-choice questions about diagrams from school science books."""

from collections.abc import Iterator

from vf_ray.shapes import choose, tidy
from vf_ray.sources.each_file import each_json
from vf_ray.sources.records import At, Record
from vf_ray.sources.rows import QaRow
from vf_ray.types import Download, Made, Raw, Reject, Source, Terms

LETTERS = "diagram letters"


def _rows(record: Record, at: At) -> Iterator[QaRow]:
    image = f"ai2d/images/{record['imageName']}"
    for question, item in record["questions"].items():
        options = tuple("none" if text == "{}" else tidy(text) for text in item["answerTexts"])
        yield QaRow(
            key=f"{at.path}/{item['questionId']}",
            split=at.split,
            image=image,
            question=tidy(question),
            answer=options[item["correctAnswer"]],
            options=options,
            kind=LETTERS if item["abcLabel"] else "",
        )


AI2D = Source(
    name="ai2d",
    title="AI2D",
    url="https://github.com/allenai/dqa-net",
    terms=Terms(faces="no"),
    raws=(
        Raw(
            name="ai2d",
            obtain="Put ai2d-all.zip of the Allen Institute for AI here, or unzip it",
            files=(
                # address: allenai's bucket, as Qwen-VL's evaluation guide gives it
                Download("https://ai2-public-datasets.s3.amazonaws.com/diagrams/ai2d-all.zip"),
            ),
        ),
    ),
    read=each_json({"all": "ai2d/questions/*.json"}, _rows),
)


@AI2D.task(
    "choice",
    upstream="AI2D+visual_question_answering",
    group="question answering",
    category="Reasoning",
    instruction="Answer the question about the science diagram with the letter and the text of one option.",
    ceiling=0.4,
    evidence="questions about letters that are not drawn in the released pictures are left out; options are "
    "lettered as in all tasks",
)
def choice(row: QaRow) -> Made:
    """The right one of four texts."""
    if row.kind == LETTERS:
        return Reject(row.key, "letters not drawn in the picture")
    if len(set(row.options)) != len(row.options):
        return Reject(row.key, "two options are the same")
    return choose(row.image, row.answer, row.options, row.question)
