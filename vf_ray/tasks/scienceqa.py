"""ScienceQA: school questions with a picture, a lecture and a worked solution."""

from dataclasses import dataclass

from vf_ray.instances.shapes import choose, closed
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_object
from vf_ray.sources.records import At
from vf_ray.text import tidy
from vf_ray.types import Download, Example, Made, Raw, Reject, Row, Source, Terms

PROBLEMS = "problems.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScienceRow(Row):
    """A question with choices and the texts that teach it; any text may be empty."""

    question: str
    choices: tuple[str, ...]
    answer: str
    hint: str
    lecture: str
    solution: str


def _row(pair: tuple[str, Fields], at: At) -> ScienceRow:
    number, record = pair
    choices = tuple(tidy(choice) for choice in record.texts("choices"))
    folder = at.path.removesuffix(PROBLEMS)
    return ScienceRow(
        key=at.key(number),
        split=record["split"],
        image=f"{folder}images/{record['split']}/{number}/image.png" if record.get("image") else "",
        question=tidy(record["question"]),
        choices=choices,
        answer=record.element("answer", choices),
        **{name: tidy(record.get(name)) for name in ("hint", "lecture", "solution")},
    )


SCIENCEQA = Source(
    name="scienceqa",
    title="ScienceQA",
    url="https://scienceqa.github.io/",
    terms=Terms(
        licence="CC BY-NC-SA 4.0",
        training="yes",
        redistribution="yes",
        faces="unknown",
        stated="github.com/lupantech/ScienceQA",
    ),
    raws=(
        Raw(
            name="scienceqa",
            obtain="Put problems.json of github.com/lupantech/ScienceQA here and the pictures (train.zip, "
            "val.zip, test.zip) into images/ beside it, unzipped; or give the repository with its "
            "data/scienceqa/ as it is",
            files=(
                # addresses: lupantech/ScienceQA and its tools/download.sh
                Download(
                    "https://raw.githubusercontent.com/lupantech/ScienceQA/main/data/scienceqa/problems.json"
                ),
                Download("https://scienceqa.s3.us-west-1.amazonaws.com/images/train.zip"),
                Download("https://scienceqa.s3.us-west-1.amazonaws.com/images/val.zip"),
                Download("https://scienceqa.s3.us-west-1.amazonaws.com/images/test.zip"),
            ),
        ),
    ),
    read=json_object({"all": (f"data/scienceqa/{PROBLEMS}", PROBLEMS)}, _row),
)
OURS = "the id is known from MixLoRA's definitions only; which texts go where is ours"
VARIANT = f"not in the paper's list; {OURS}, as are group and category"


def _context(row: ScienceRow) -> str:
    return f"{row.hint}\n{row.question}" if row.hint else row.question


def _listed(row: ScienceRow) -> str:
    return f"{_context(row)}\nChoices: {'; '.join(row.choices)}"


@SCIENCEQA.task(
    "answer",
    upstream="scienceqa+question_answering",
    group="question answering",
    category="Reasoning",
    instruction="Use the picture to answer the school question with the letter and the text of one option.",
    evidence=OURS,
)
def answer(row: ScienceRow) -> Made:
    """Hint, question and options; text-only questions belong to no task."""
    return choose(row.image, row.answer, row.choices, _context(row)) if row.image else None


def _written(row: ScienceRow, question: str, answer: str) -> Made:
    return Example(image=row.image, question=question, answer=answer)


@SCIENCEQA.task(
    "explanation",
    upstream="scienceqa+explanation",
    group="generation",
    category="Rational and Script Generation",
    instruction="A school question about the picture comes with its answer. Explain in a few sentences why "
    "this answer is right.",
    ceiling=0.3,
    evidence=OURS,
)
def explanation(row: ScienceRow) -> Made:
    """The worked solution."""
    if not row.image:
        return None
    if not row.solution:
        return Reject(row.key, "no solution")
    return _written(row, f"{_listed(row)}\nAnswer: {row.answer}", row.solution)


@SCIENCEQA.task(
    "detailed_explanation",
    upstream="scienceqa+detailed_explanation",
    group="generation",
    category="Rational and Script Generation",
    instruction="Explain the answer to this school question at length: first one paragraph on what one has "
    "to know, then one on how it applies to the picture.",
    ceiling=0.6,
    evidence=VARIANT,
)
def detailed_explanation(row: ScienceRow) -> Made:
    """Lecture, then solution."""
    if not row.image:
        return None
    if not (row.lecture and row.solution):
        return Reject(row.key, "no lecture or no solution")
    return _written(row, f"{_listed(row)}\nAnswer: {row.answer}", f"{row.lecture}\n{row.solution}")


@SCIENCEQA.task(
    "background_answer",
    upstream="scienceqa+background_question_answering",
    group="question answering",
    category="Reasoning",
    instruction="Read the background, look at the picture and answer with the letter and the text of one "
    "option.",
    ceiling=0.6,
    evidence=VARIANT,
)
def background_answer(row: ScienceRow) -> Made:
    """The lecture comes before the question."""
    if not row.image:
        return None
    if not row.lecture:
        return Reject(row.key, "no lecture")
    return choose(row.image, row.answer, row.choices, f"Background: {row.lecture}\n{_context(row)}")


@SCIENCEQA.task(
    "detailed_answer",
    upstream="scienceqa+detailed_question_answering",
    group="question answering",
    category="Reasoning",
    instruction="Answer the school question about the picture with one of the choices, word for word, then "
    "give the background and the reasoning in a few sentences.",
    ceiling=0.6,
    evidence=VARIANT,
)
def detailed_answer(row: ScienceRow) -> Made:
    """Answer, lecture, solution."""
    if not row.image:
        return None
    if not (row.lecture and row.solution):
        return Reject(row.key, "no lecture or no solution")
    return _written(row, _listed(row), f"{row.answer}\n{row.lecture}\n{row.solution}")


@SCIENCEQA.task(
    "reasoned_answer",
    upstream="scienceqa+rational_question_answering",
    group="question answering",
    category="Reasoning",
    instruction="Reason step by step about the picture and the question, in a few sentences; end with a line "
    'that begins "The answer is" and repeats one of the choices.',
    ceiling=0.3,
    evidence=VARIANT,
)
def reasoned_answer(row: ScienceRow) -> Made:
    """Solution, then answer."""
    if not row.image:
        return None
    if not row.solution:
        return Reject(row.key, "no solution")
    return _written(row, _listed(row), f"{row.solution}\n{closed(f'The answer is {row.answer}')}")
