"""Visual Genome: questions and answers about many details of a picture."""

from collections.abc import Iterator
from functools import partial

from vf_ray.instances.shapes import ask
from vf_ray.raw.shared import VISUAL_GENOME_IMAGES
from vf_ray.raw.tree import first_existing
from vf_ray.sources.fields import Fields, fields_of
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At, parts
from vf_ray.sources.rows import QaRow
from vf_ray.text import tidy
from vf_ray.types import Download, Made, Raw, Reject, Source, Terms, Tree

FILE = "question_answers.json"


def _rows(record: Fields, at: At, tree: Tree) -> Iterator[QaRow | Reject]:
    number = record.integer("id" if "id" in record else "image_id")
    image = first_existing(tree, f"VG_100K/{number}.jpg", f"VG_100K_2/{number}.jpg")

    def row(_: int, item: object) -> QaRow:
        pair = fields_of(item)
        return QaRow(
            key=at.key(pair.id("qa_id")),
            split=at.split,
            image=image,
            question=pair["question"],
            answer=tidy(pair["answer"]).removesuffix("."),
        )

    return parts(record.items("qas"), at, row)


def _read(tree: Tree) -> Iterator[QaRow | Reject]:
    return json_array({"all": FILE}, partial(_rows, tree=tree))(tree)


VISUAL_GENOME = Source(
    name="visual_genome",
    title="Visual Genome question answers",
    url="https://visualgenome.org",
    terms=Terms(faces="yes"),
    raws=(
        Raw(
            name="visual_genome",
            obtain="Put question_answers.json.zip of visualgenome.org here",
            files=(
                Download(
                    "https://homes.cs.washington.edu/~ranjay/visualgenome/data/dataset/question_answers.json.zip"
                ),
            ),
        ),
        VISUAL_GENOME_IMAGES,
    ),
    read=_read,
)


@VISUAL_GENOME.task(
    "answer",
    upstream="visualgenome_vqa",
    group="question answering",
    category="Perception",
    instruction="Answer the question about a detail of the image with a short phrase.",
)
def answer(row: QaRow) -> Made:
    """The answer without its full stop."""
    return ask(row.image, row.question, row.answer)
