"""AI2D: multiple-choice questions about diagrams from school science books."""

from collections.abc import Collection, Iterator
from functools import partial

from vf_ray.instances.shapes import choose
from vf_ray.sources.each_file import each_json
from vf_ray.sources.fields import Fields
from vf_ray.sources.list_file import lines
from vf_ray.sources.records import At, parts
from vf_ray.sources.rows import QaRow
from vf_ray.text import tidy
from vf_ray.types import Download, Made, Raw, Reject, Source, Terms, Tree

TEST_IDS = "ai2d_test_ids.csv"
LETTERS = "diagram letters"


def _rows(record: Fields, at: At, tested: Collection[str]) -> Iterator[QaRow | Reject]:
    name = record["imageName"]
    listed = "test" if name.partition(".")[0] in tested else "train"
    questions = record.object("questions")

    def row(_: int, question: str) -> QaRow:
        item = questions.object(question)
        options = tuple("none" if text == "{}" else tidy(text) for text in item.texts("answerTexts"))
        return QaRow(
            key=f"{at.path}/{item.id('questionId')}",
            split=listed if tested else at.split,
            image=f"ai2d/images/{name}",
            question=tidy(question),
            answer=item.element("correctAnswer", options),
            options=options,
            kind=LETTERS if item.flag("abcLabel") else "",
        )

    return parts(questions, at, row)


def _read(tree: Tree) -> Iterator[QaRow | Reject]:
    """The archive tells no splits; the list of test pictures, where it is there, does."""
    tested = {line.strip() for line, _ in lines(tree, TEST_IDS)} if tree.exists(TEST_IDS) else set()
    return each_json({"all": "ai2d/questions/*.json"}, partial(_rows, tested=tested))(tree)


AI2D = Source(
    name="ai2d",
    title="AI2D",
    url="https://github.com/allenai/dqa-net",
    terms=Terms(faces="no"),
    raws=(
        Raw(
            name="ai2d",
            obtain="Put ai2d-all.zip of the Allen Institute for AI into ai2d/, or unzip it, and also "
            "ai2d_test_ids.csv, which keeps the test pictures apart",
            files=(
                # addresses: allenai's buckets, as Qwen-VL's evaluation guide and public loaders give them
                Download("https://ai2-public-datasets.s3.amazonaws.com/diagrams/ai2d-all.zip"),
                Download("https://s3-us-east-2.amazonaws.com/prior-datasets/ai2d_test_ids.csv"),
            ),
            loose=(TEST_IDS,),
        ),
    ),
    read=_read,
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
    return choose(row.image, row.answer, row.options, row.question)
