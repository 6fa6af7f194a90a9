"""More published benchmarks in miniature: tables with images, VQA's pairs of files."""

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.eval.miniature import picture, png
from tests.eval.trees import tsv

Row = Mapping[str, Any]


def image(number: int = 0) -> dict[str, Any]:
    """Return a cell as Hugging Face stores an image."""
    return {"bytes": png(number), "path": f"{number}.png"}


def parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


def as_json(path: Path, data: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))


def mmstar(root: Path) -> None:
    rows = [
        {
            "index": n, "question": f"Which {n}?\nOptions: A: red, B: blue, C: green, D: none",
            "image": image(n),
            "answer": "ABCD"[n], "category": ("math", "science")[n % 2], "l2_category": f"l2 {n}",
        }
        for n in range(4)
    ]  # fmt: skip
    parquet(root / "mmstar.parquet", rows)


def ai2d(root: Path) -> None:
    rows = [
        {"question": f"What {n}?", "options": ["a leaf", "a root", "a stem", "soil"], "answer": f"{n}",
         "image": image(n)}
        for n in range(4)
    ]  # fmt: skip
    parquet(root / "data" / "test-00000-of-00001.parquet", rows)


def realworldqa(root: Path) -> None:
    told = "Please answer directly with only the letter of the correct option and nothing else."
    rows = [
        {"image": image(0), "question": f"Which side?\nA. Left\nB. Right\n{told}", "answer": "A"},
        {"image": image(1), "question": "How many cars?", "answer": "2"},
    ]
    parquet(root / "data" / "test-00000-of-00001.parquet", rows)


def chartqa(root: Path) -> None:
    for split in ("human", "augmented"):
        asked = [
            {"imgname": f"{split}.png", "query": f"How much {n}?", "label": ("14", "Yes")[n]}
            for n in range(2)
        ]
        as_json(root / "ChartQA Dataset" / "test" / f"test_{split}.json", asked)
        picture(root / "ChartQA Dataset" / "test" / "png" / f"{split}.png")


def docvqa(root: Path) -> None:
    data = [
        {"questionId": 10 + n, "question": f"Who {n}?", "question_types": [("form", "layout")[n]],
         "image": f"documents/d{n}.png", "docId": n, "answers": ["Ann Smith", "Ann  Smith"]}
        for n in range(2)
    ]  # fmt: skip
    as_json(root / "val_v1.0_withQT.json", {"dataset_name": "SP-DocVQA", "data": data})
    for n in range(2):
        picture(root / "documents" / f"d{n}.png", n)


def infographicvqa(root: Path) -> None:
    data = [
        {"questionId": 70, "question": "How many?", "image_local_name": "1.png", "answers": ["40%"],
         "answer_type": ["single span"], "evidence": ["text"], "operation/reasoning": ["counting"]}
    ]  # fmt: skip
    as_json(root / "infographicsVQA_val_v1.0_withQT.json", {"data": data})
    picture(root / "infographicsvqa_images" / "1.png")


def gqa(root: Path) -> None:
    questions = {
        f"20{n}": {
            "question": "Is it red?", "imageId": "n1", "isBalanced": True, "answer": ("yes", "no")[n],
            "types": {"structural": ("verify", "query")[n], "semantic": "attr", "detailed": "d"},
            "semantic": [{"operation": "select"}, {"operation": "exist"}],
        }
        for n in range(2)
    }  # fmt: skip
    as_json(root / "testdev_balanced_questions.json", questions)
    picture(root / "images" / "n1.jpg")


def ocrbench(root: Path) -> None:
    kinds = ("Regular Text Recognition", "Handwritten Mathematical Expression Recognition")
    rows = [
        {"dataset_name": ("IIIT5K", "HME100k")[n], "id": n, "image_path": f"{n}.png", "question": "Read it.",
         "answers": ("CENTRE", ["a + b"])[n], "type": kinds[n]}
        for n in range(2)
    ]  # fmt: skip
    as_json(root / "OCRBench.json", rows)
    for n in range(2):
        picture(root / "OCRBench_Images" / f"{n}.png", n)


PEOPLE = ["2"] * 5 + ["two"] * 3 + ["3"] * 2


def _pair(root: Path, questions: str, annotations: str) -> None:
    asked = [{"image_id": 7, "question": f"How many {n}?", "question_id": 70 + n} for n in range(2)]
    told = [
        {
            "question_id": 70 + n, "image_id": 7, "question_type": "how many", "answer_type": "number",
            "multiple_choice_answer": "2",
            "answers": [{"answer": text, "answer_id": place} for place, text in enumerate(PEOPLE, start=1)],
        }
        for n in range(2)
    ]  # fmt: skip
    as_json(root / questions, {"questions": asked})
    as_json(root / annotations, {"annotations": told})
    picture(root / "val2014" / "COCO_val2014_000000000007.jpg")


def vqav2(root: Path) -> None:
    _pair(root, "v2_OpenEnded_mscoco_val2014_questions.json", "v2_mscoco_val2014_annotations.json")


def okvqa(root: Path) -> None:
    _pair(root, "OpenEnded_mscoco_val2014_questions.json", "mscoco_val2014_annotations.json")


def textvqa(root: Path) -> None:
    data = [
        {
            "question": f"What is written {n}?",
            "image_id": f"im{n}",
            "question_id": 340 + n,
            "answers": ["stop"] * 10,
        }
        for n in range(2)
    ]
    as_json(root / "TextVQA_0.5.1_val.json", {"data": data})
    for n in range(2):
        picture(root / "train_images" / f"im{n}.jpg", n)


def vizwiz(root: Path) -> None:
    rows = [
        {"image": f"VizWiz_val_{n}.jpg", "question": "What is it?", "answer_type": "other", "answerable": 1,
         "answers": [{"answer": "soup", "answer_confidence": "yes"}] * 10}
        for n in range(2)
    ]  # fmt: skip
    as_json(root / "Annotations" / "val.json", rows)
    for n in range(2):
        picture(root / "val" / f"VizWiz_val_{n}.jpg", n)


def blink(root: Path) -> None:
    for n, task in enumerate(("Counting", "Jigsaw")):
        row = {
            "idx": f"val_{task}_1", "question": "Which?", "sub_task": task, "choices": ["one", "two"],
            "answer": "(B)", "prompt": "Which?\n(A) one\n(B) two", "image_1": image(n), "image_2": None,
        }  # fmt: skip
        parquet(root / task / "val-00000-of-00001.parquet", [row])


def cv_bench(root: Path) -> None:
    for kind, sources in (("2D", ("ADE20K", "COCO")), ("3D", ("Omni3D",))):
        rows = [
            {"idx": n, "type": kind, "task": "Count", "image": image(n), "question": "How many?",
             "choices": ["0", "3"], "answer": "(B)", "prompt": "How many?\n(A) 0\n(B) 3", "source": source}
            for n, source in enumerate(sources)
        ]  # fmt: skip
        parquet(root / f"test_{kind.lower()}.parquet", rows)


def seed_bench_2_plus(root: Path) -> None:
    questions = [
        {"question_id": f"{n}", "question": "Which?", "choice_A": "p", "choice_B": "q", "choice_C": "r",
         "choice_D": "s", "answer": "BA"[n], "question_image_type": ("chart", "map")[n],
         "data_id": f"{n}.png"}
        for n in range(2)
    ]  # fmt: skip
    as_json(root / "SEED-Bench-2-plus.json", {"questions": questions})
    for n in range(2):
        picture(root / "SEED-Bench-2-plus-image" / f"{n}.png", n)


def mathvista(root: Path) -> None:
    base = {"question": "How long?", "unit": None, "image": "images/1.png"}
    known = {"source": "s", "category": "math", "task": "t", "context": "c", "grade": "g",
             "language": "english", "skills": ["arithmetic", "algebra"]}  # fmt: skip
    choice = {
        "choices": ["short", "long"],
        "answer": "long",
        "question_type": "multi_choice",
        "answer_type": "text",
    }
    number = {"choices": None, "answer": "1.50", "question_type": "free_form", "answer_type": "float"}
    as_json(
        root / "testmini.json",
        {
            "1": {**base, **choice, "precision": None, "pid": "1", "metadata": known},
            "2": {**base, **number, "precision": 2, "pid": "2", "metadata": known},
        },
    )
    picture(root / "images" / "1.png")


def _mmbench(root: Path, name: str) -> None:
    rows = [
        {"index": 1 + turn * 1_000_000, "question": "Which?", "A": "red", "B": "blue", "answer": "AB"[turn],
         "category": "kind", "image": base64.b64encode(png(0)).decode()}
        for turn in range(2)
    ]  # fmt: skip
    tsv(root / name, rows)


def mmbench_cn(root: Path) -> None:
    _mmbench(root, "MMBench_DEV_CN.tsv")


def ccbench(root: Path) -> None:
    _mmbench(root, "CCBench.tsv")


WRITERS: Mapping[str, Callable[[Path], None]] = {
    "ai2d": ai2d,
    "blink": blink,
    "chartqa": chartqa,
    "cv-bench": cv_bench,
    "docvqa": docvqa,
    "gqa": gqa,
    "infographicvqa": infographicvqa,
    "mathvista": mathvista,
    "ccbench": ccbench,
    "mmbench-cn": mmbench_cn,
    "mmstar": mmstar,
    "ocrbench": ocrbench,
    "okvqa": okvqa,
    "realworldqa": realworldqa,
    "seed-bench-2-plus": seed_bench_2_plus,
    "textvqa": textvqa,
    "vizwiz": vizwiz,
    "vqav2": vqav2,
}
