"""Visual7W telling: what, where, when, who, why and how, with four answers to choose from."""

from collections.abc import Iterator

from vf_ray.instances.shapes import choose
from vf_ray.sources.fields import Fields, fields_of
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At, parts
from vf_ray.sources.rows import QaRow
from vf_ray.text import tidy
from vf_ray.types import Download, Made, Raw, Reject, Source, Terms


def _rows(record: Fields, at: At) -> Iterator[QaRow | Reject]:
    def row(_: int, item: object) -> QaRow:
        pair = fields_of(item)
        return QaRow(
            key=at.key(pair.id("qa_id")),
            split=record["split"],
            image=f"images/{record['filename']}",
            question=pair["question"],
            answer=tidy(pair["answer"]),
            options=tuple(map(tidy, (pair["answer"], *pair.texts("multiple_choices")))),
            kind=pair.get("type"),
        )

    return parts(record.items("qa_pairs"), at, row)


VISUAL7W = Source(
    name="visual7w",
    title="Visual7W telling",
    url="https://ai.stanford.edu/~yukez/visual7w/",
    terms=Terms(
        licence="MIT (toolkit); pictures under their Flickr terms",
        faces="yes",
        stated="github.com/yukezhu/visual7w-toolkit",
    ),
    raws=(
        Raw(
            name="visual7w",
            obtain="Put dataset_v7w_telling.zip and visual7w_images.zip of "
            "ai.stanford.edu/~yukez/visual7w here",
            files=(
                # addresses: download_scripts/visual7w.sh of VT-NLP/MultiInstruct
                Download("https://ai.stanford.edu/~yukez/papers/resources/dataset_v7w_telling.zip"),
                Download("http://vision.stanford.edu/yukezhu/visual7w_images.zip"),
            ),
        ),
    ),
    read=json_array({"all": "dataset_v7w_telling.json"}, _rows, items="images.item"),
)


@VISUAL7W.task(
    "choice",
    upstream="VQA",
    group="question answering",
    category="Perception",
    instruction="Choose the right answer to the question about the image. Reply with its letter and text.",
)
def choice(row: QaRow) -> Made:
    """The right answer among the publisher's three wrong ones."""
    return choose(row.image, row.answer, row.options, row.question)
