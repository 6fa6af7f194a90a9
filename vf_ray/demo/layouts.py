"""Writers of published layouts; the catalogue's readers read them back."""

import csv
import gzip
import io
import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def write(path: Path, data: bytes) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write_json(path: Path, value: Any) -> None:
    """Write JSON as annotation files hold it: on one line."""
    write(path, json.dumps(value, separators=(",", ":")).encode())


def write_json_lines(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object a line."""
    write(path, "".join(json.dumps(record) + "\n" for record in records).encode())


def write_idx(path: Path, array: NDArray[np.uint8]) -> None:
    """Write bytes as a gzipped IDX file (MNIST's): header, dimensions, data."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    write(path, gzip.compress(header + array.tobytes(), mtime=0))


def write_table(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]], separator: str = ","
) -> None:
    """Write a table with a header line; cells are quoted where they need it."""
    with io.StringIO(newline="") as text:
        table = csv.writer(text, delimiter=separator, lineterminator="\n")
        table.writerow(columns)
        table.writerows(rows)
        write(path, text.getvalue().encode())


def coco_file(
    images: Sequence[Mapping[str, Any]],
    annotations: Iterable[Mapping[str, Any]],
    categories: Sequence[str] = (),
) -> dict[str, Any]:
    """Return a COCO annotation file; annotations get ids in their order."""
    named = [
        {"id": number, "name": name, "supercategory": "colour"} for number, name in enumerate(categories, 1)
    ]
    file: dict[str, Any] = {
        "info": {"description": "vf-ray demo"},
        "images": list(images),
        "annotations": [{"id": number, **annotation} for number, annotation in enumerate(annotations, 1)],
    }
    return file | ({"categories": named} if named else {})


def vqa_files(
    asked: Sequence[tuple[int, str, str, str]],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return VQA's questions and annotations of (image id, sort of question, question, answer)."""
    questions, annotations = [], []
    for number, (image_id, sort, question, answer) in enumerate(asked, 1):
        named = {"question_id": number, "image_id": image_id}
        questions.append({**named, "question": question})
        people = [{"answer": answer, "answer_confidence": "yes", "answer_id": 1}]
        annotations.append(
            {**named, "question_type": sort, "multiple_choice_answer": answer, "answers": people}
        )
    return {"questions": questions}, {"annotations": annotations}
