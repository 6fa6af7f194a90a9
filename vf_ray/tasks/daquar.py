"""DAQUAR: questions about objects in indoor photographs (NYU depth)."""

import re
from collections.abc import Iterator
from itertools import zip_longest

from vf_ray.instances.shapes import ask
from vf_ray.raw.tree import existing
from vf_ray.sources.list_file import lines
from vf_ray.sources.records import At, parsed
from vf_ray.sources.rows import QaRow
from vf_ray.text import distinct, words
from vf_ray.types import Download, Made, Raw, Reject, Source, Terms, Tree

_IMAGE = re.compile(r"\s*(?:in|on|of)?\s*(?:the|this)?\s*image ?(\d+)\s*\??\s*$")


def _row(pair: tuple[str, str], at: At) -> QaRow:
    question, answers = pair
    if (named := _IMAGE.search(question)) is None:
        raise ValueError(f"{question!r} names no image")
    return QaRow(
        key=at.key(),
        split=at.split,
        image=f"nyu_depth_images/image{named[1]}.png",
        question=f"{question[: named.start()].strip().capitalize()}?",
        answer=", ".join(distinct(map(words, answers.split(",")))),
    )


def _read(tree: Tree) -> Iterator[QaRow | Reject]:
    for split, path in existing(tree, {s: f"qa.894.raw.{s}.txt" for s in ("train", "test")}):
        alternate = lines(tree, path, split)  # question, answer, question, answer ...
        unanswered = ("", At(path, split, 0))  # of a file that ends after a question
        pairs = (
            ((question, answer), at)
            for (question, at), (answer, _) in zip_longest(alternate, alternate, fillvalue=unanswered)
        )
        yield from parsed(pairs, _row)


DAQUAR = Source(
    name="daquar",
    title="DAQUAR",
    url="https://www.mpi-inf.mpg.de/departments/computer-vision-and-machine-learning/research/"
    "vision-and-language/visual-turing-challenge/",
    terms=Terms(faces="unknown"),
    raws=(
        Raw(
            name="daquar",
            obtain="Put qa.894.raw.train.txt, qa.894.raw.test.txt and nyu_depth_images.tar of the visual "
            "Turing challenge page (mpi-inf.mpg.de) here",
            files=(
                Download("http://datasets.d2.mpi-inf.mpg.de/mateusz14visual-turing/qa.894.raw.train.txt"),
                Download("http://datasets.d2.mpi-inf.mpg.de/mateusz14visual-turing/qa.894.raw.test.txt"),
                Download("http://datasets.d2.mpi-inf.mpg.de/mateusz14visual-turing/nyu_depth_images.tar"),
            ),
        ),
    ),
    read=_read,
)


@DAQUAR.task(
    "answer",
    upstream="DAQUAR+object_question_answer",
    group="question answering",
    category="Perception",
    instruction="Answer the question about this room with the name of an object, a colour or a number. If "
    "there are several answers, separate them by commas.",
)
def answer(row: QaRow) -> Made:
    """All answers, underscores as blanks."""
    return ask(row.image, row.question, row.answer)
