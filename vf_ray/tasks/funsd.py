"""FUNSD: noisy scans of forms with their texts."""

from vf_ray.sources.each_file import each_json
from vf_ray.sources.fields import Fields
from vf_ray.sources.records import At
from vf_ray.sources.rows import TextsRow
from vf_ray.text import tidy
from vf_ray.types import Download, Example, Made, Raw, Source, Terms


def _row(record: Fields, at: At) -> TextsRow:
    return TextsRow(
        key=at.path,
        split=at.split,
        image=at.path.replace("/annotations/", "/images/").replace(".json", ".png"),
        texts=tuple(tidy(entity["text"]) for entity in record.objects("form")),
    )


FUNSD = Source(
    name="funsd",
    title="FUNSD",
    url="https://guillaumejaume.github.io/FUNSD/",
    terms=Terms(
        licence="non-commercial research and education",
        training="yes",
        faces="no",
        stated="guillaumejaume.github.io/FUNSD",
    ),
    raws=(
        Raw(
            name="funsd",
            obtain="Put dataset.zip of guillaumejaume.github.io/FUNSD here",
            files=(
                Download(
                    "https://guillaumejaume.github.io/FUNSD/dataset.zip",
                    "md5:e05de47de238aa343bf55d8807d659a9",
                ),
            ),
        ),
    ),
    read=each_json(
        {
            "train": "dataset/training_data/annotations/*.json",
            "test": "dataset/testing_data/annotations/*.json",
        },
        _row,
    ),
)


@FUNSD.task(
    "texts",
    upstream="FUNSD+text_detection",
    group="generation",
    category="Document-Level OCR",
    instruction="Read the scanned form. List every piece of text on it, each in quotation marks, separated "
    'by commas; write "" for an empty field.',
)
def texts(row: TextsRow) -> Made:
    """All texts in file order; empty fields count, as in the published target."""
    return Example(image=row.image, answer=", ".join(f'"{text}"' for text in row.texts))
