"""Raw files of real sources at a size where speed shows: the same photographs in five layouts."""

import io
import json
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

LABELS = ("001.ant", "002.bee", "003.cat", "004.dog", "005.elk", "006.fox")
Photographs = Sequence[bytes]


def class_folders_in_a_tar(root: Path, photographs: Photographs) -> None:
    """Write Caltech-256's archive."""
    (root / "caltech256").mkdir(parents=True)
    with tarfile.open(root / "caltech256" / "256_ObjectCategories.tar", "w") as archive:
        for number, data in enumerate(photographs):
            label = LABELS[number % len(LABELS)]
            member = tarfile.TarInfo(f"256_ObjectCategories/{label}/{number:06d}.jpg")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def coco_json(root: Path, photographs: Photographs) -> None:
    """Write COCO 2017's pictures and objects, seven to a picture as in the real file."""
    things = [
        {"id": n, "name": name, "supercategory": "animal"} for n, name in enumerate(("bird", "cat"), 16)
    ]
    annotations = (
        {"id": 10 * image + n, "image_id": image, "category_id": 16 + image % 2, "bbox": [1, 2, 3, 4],
         "iscrowd": 0, "area": 12.0, "segmentation": [[1.5] * 40]}
        for image in range(len(photographs)) for n in range(7)
    )  # fmt: skip
    images = [{"id": n, "file_name": f"{n:012d}.jpg"} for n in range(len(photographs))]
    (root / "coco_annotations" / "annotations").mkdir(parents=True)
    with (root / "coco_annotations" / "annotations" / "instances_train2017.json").open("w") as file:
        json.dump({"images": images, "annotations": list(annotations), "categories": things}, file)
    _folder(root / "coco2017" / "train2017", "{:012d}.jpg", photographs)


def vqa_json(root: Path, photographs: Photographs) -> None:
    """Write OK-VQA's two files, one question to a picture."""
    (root / "okvqa").mkdir(parents=True)
    write_questions(root / "okvqa", len(photographs))
    _folder(root / "coco2014" / "train2014", "COCO_train2014_{:012d}.jpg", photographs)


def write_questions(folder: Path, count: int) -> None:
    """Write as many questions, and their answers in the opposite order, row by row."""
    answers = [{"answer": f"word {n}", "answer_confidence": "yes", "answer_id": n} for n in range(10)]
    with (
        (folder / "OpenEnded_mscoco_train2014_questions.json").open("w") as questions,
        (folder / "mscoco_train2014_annotations.json").open("w") as annotations,
    ):
        questions.write('{"questions": [')
        annotations.write('{"annotations": [')
        for n in range(count):
            comma, other = "," if n else "", count - 1 - n
            asked = {"question_id": n, "image_id": n, "question": f"What is {n}?"}
            questions.write(comma + json.dumps(asked))
            annotations.write(comma + json.dumps({"question_id": other, "image_id": 1, "answers": answers}))
        questions.write("]}")
        annotations.write("]}")


def lmdb(root: Path, photographs: Photographs) -> None:
    """Write one of LSUN's databases with the library that the publisher used."""
    import lmdb

    (root / "lsun").mkdir(parents=True)
    size = 2 * sum(map(len, photographs)) + (1 << 24)
    with (
        lmdb.open(str(root / "lsun" / "tower_train_lmdb"), map_size=size) as database,
        database.begin(write=True) as table,
    ):
        for number, data in enumerate(photographs):
            table.put(f"{number * 7919 % 1_000_003:040x}".encode(), data)


def parquet_with_bytes(root: Path, photographs: Photographs) -> None:
    """Write a file of Pick-a-Pic's, two pictures to a row."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    (root / "pickapic" / "data").mkdir(parents=True)
    half = len(photographs) // 2
    columns = {
        "caption": [f"a photograph of thing {n}" for n in range(half)],
        **{f"image_{side}_uid": [f"{n}-{side}" for n in range(half)] for side in (0, 1)},
        **{f"jpg_{side}": list(photographs[side * half : (side + 1) * half]) for side in (0, 1)},
    }
    name = "train-00000-of-00001.parquet"
    pq.write_table(pa.table(columns), root / "pickapic" / "data" / name, row_group_size=100)


def _folder(folder: Path, name: str, photographs: Photographs) -> None:
    folder.mkdir(parents=True)
    for number, data in enumerate(photographs):
        (folder / name.format(number)).write_bytes(data)


LAYOUTS: dict[str, tuple[str, Callable[[Path, Photographs], None]]] = {
    "class folders in a tar": ("caltech256/object", class_folders_in_a_tar),
    "COCO JSON": ("coco_objects/animal", coco_json),
    "VQA JSON": ("okvqa/answer", vqa_json),
    "LMDB": ("lsun/scene", lmdb),
    "Parquet with bytes": ("pickapic/prompt", parquet_with_bytes),
}
"""Name of a layout -> the catalogue's task that reads it, and what writes it."""
