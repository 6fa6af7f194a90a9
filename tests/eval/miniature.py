"""Every published benchmark in miniature: its official files, invented text, pictures of one colour."""

import base64
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from tests.eval.trees import lines, tsv
from vf_ray.eval.benchmarks.mme import COGNITION, PERCEPTION
from vf_ray.eval.benchmarks.pope import SPLITS

COLOURS = ("red", "green", "blue")


def png(number: int) -> bytes:
    """Return a picture of 24 by 16 pixels."""
    sink = io.BytesIO()
    Image.new("RGB", (24, 16), COLOURS[number % 3]).save(sink, "PNG")
    return sink.getvalue()


def picture(path: Path, number: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(number))


def _json(path: Path, data: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))


def pope(root: Path) -> None:
    for split in SPLITS:
        rows = [
            {
                "question_id": n + 1,
                "image": f"{n // 2}.png",
                "text": f"Is there a {split} {n} in the image?",
                "label": ("yes", "no")[n % 2],
            }
            for n in range(4)
        ]
        lines(root / "coco" / f"coco_pope_{split}.json", rows)
    for n in range(2):
        picture(root / "val2014" / f"{n}.png", n)


def mme(root: Path) -> None:
    for n, task in enumerate((*PERCEPTION, *COGNITION)):
        folder = root / "MME_Benchmark_release_version" / task
        picture(folder / "1.png", n)
        asked = "Is it {}? Please answer yes or no.\t{}\n"
        (folder / "1.txt").write_text(asked.format("so", "Yes") + asked.format("not", "No"))


def mmbench(root: Path) -> None:
    rows = [
        {
            "index": n + turn * 1_000_000,
            "question": f"Which colour {n}?",
            "hint": "",
            "A": COLOURS[turn % 2],
            "B": COLOURS[1 - turn % 2],
            "C": "",
            "D": "",
            "answer": "AB"[turn],
            "category": f"kind {n}",
            "image": base64.b64encode(png(n)).decode() if not turn else n,
            "l2-category": "ability",
        }
        for n in range(2)
        for turn in range(2)
    ]
    tsv(root / "mmbench_dev_20230712.tsv", rows)


def mmmu(root: Path) -> None:
    for n, subject in enumerate(("Accounting", "Art", "Math")):
        row = {
            "id": f"validation_{subject}_1",
            "question": "What is in <image 1>?",
            "options": "[]" if subject == "Math" else str(list(COLOURS)),
            "answer": "7" if subject == "Math" else "B",
            "question_type": "open" if subject == "Math" else "multiple-choice",
            "image_1": {"bytes": png(n), "path": "1.png"},
        }
        (root / subject).mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist([row]), root / subject / "validation-00000-of-00001.parquet")


def mm_vet(root: Path) -> None:
    entry = {"imagename": "v1_0.png", "question": "Read it.", "answer": "STOP", "capability": ["ocr"]}
    picture(root / "images" / "v1_0.png")
    entries = {"v1_0": entry, "v1_1": {**entry, "question": "What?", "capability": ["ocr", "math"]}}
    _json(root / "mm-vet.json", entries)


def llava_bench(root: Path) -> None:
    rows = [
        {"question_id": n, "image": "001.png", "category": kind, "text": f"What {n}?"}
        for n, kind in enumerate(("conv", "detail", "complex"))
    ]
    picture(root / "images" / "001.png")
    lines(root / "questions.jsonl", rows)
    lines(root / "context.jsonl", [{"id": 0, "image": "001.png", "caption": "a red plane"}])
    lines(root / "answers_gpt4.jsonl", [{"question_id": n, "text": f"reference {n}"} for n in range(3)])


def cf(root: Path) -> None:
    for n, name in enumerate(("n01", "n02")):
        picture(root / "miniImageNet" / name / "a.png", n)
    _json(root / "miniImageNet" / "class_names.json", {"n01": "house finch", "n02": "crab"})


def chair(root: Path) -> None:
    names = ["COCO_val2014_000000000007.jpg", "COCO_val2014_000000000042.jpg"]
    for n, name in enumerate(names):
        picture(root / "val2014" / name, n)
    (root / "synonyms.txt").write_text("dog, puppy\ncat, kitten\n")
    categories = [{"id": 1, "name": "dog"}, {"id": 2, "name": "cat"}]
    there = [{"image_id": 7, "category_id": 1}, {"image_id": 42, "category_id": 2}]
    said = [{"image_id": 7, "caption": "A dog."}, {"image_id": 42, "caption": "A kitten and a puppy."}]
    _json(root / "annotations" / "instances_val2014.json", {"categories": categories, "annotations": there})
    _json(root / "annotations" / "captions_val2014.json", {"annotations": said})


def amber(root: Path) -> None:
    kinds = ("discriminative-hallucination", "discriminative-attribute-state", "relation")
    truths = [{"id": n + 2, "type": kind, "truth": "no" if not n else "yes"} for n, kind in enumerate(kinds)]
    _json(root / "annotations.json", [{"id": 1, "type": "generative", "truth": [], "hallu": []}, *truths])
    queries = [{"id": n + 1, "image": f"AMBER_{n + 1}.png", "query": f"Is it {n}?"} for n in range(4)]
    _json(root / "query" / "query_all.json", queries)
    for n in range(4):
        picture(root / "image" / f"AMBER_{n + 1}.png", n)


def hallusionbench(root: Path) -> None:
    rows = [
        {
            "category": kind,
            "subcategory": "chart",
            "set_id": "0",
            "figure_id": str(figure),
            "question_id": "0",
            "question": "Is it larger?",
            "gt_answer": str(figure),
            "gt_answer_details": "It is.",
            "visual_input": "0" if kind == "VS" and not figure else "1",
            "filename": None if kind == "VS" and not figure else "./hallusion_bench/0.png",
        }
        for kind in ("VD", "VS")
        for figure in range(2)
    ]
    picture(root / "hallusion_bench" / "0.png")
    _json(root / "HallusionBench.json", rows)


def seed_bench(root: Path) -> None:
    kinds = {"Scene Understanding": 1, "Action Prediction": 11}
    questions = [
        {
            "question_id": str(n),
            "question_type_id": kind,
            "data_type": "image" if kind == 1 else "video",
            "data_id": f"{n}",
            "question": f"What {n}?",
            **{f"choice_{letter}": f"{letter} {n}" for letter in "abcd"},
            "answer": "ABCD"[n],
        }
        for n, kind in enumerate((1, 1, 11))
    ]
    _json(root / "SEED-Bench.json", {"question_type": kinds, "questions": questions})
    for n in range(2):
        picture(root / "SEED-Bench-image" / f"{n}", n)
    picture(root / "SEED-Bench-video-image" / "2.png")
    asked = [{"question_id": str(n), "image": f"SEED-Bench-image/{n}"} for n in range(2)]
    asked.append({"question_id": "2", "image": "SEED-Bench-video-image/2.png"})
    lines(root / "llava-seed-bench.jsonl", asked)


def scienceqa(root: Path) -> None:
    problem = {
        "question": "Which?",
        "choices": ["this", "that"],
        "answer": 1,
        "hint": "",
        "subject": "physics",
    }
    _json(root / "problems.json", {"1": {**problem, "image": "image.png"}, "2": {**problem, "image": None}})
    _json(root / "pid_splits.json", {"test": ["1", "2"]})
    picture(root / "images" / "test" / "1" / "image.png")


def textocr(root: Path) -> None:
    texts = (("a", "STOP"), ("a", "Main"), ("a", "."), ("a", "St."), ("b", "stop"))
    imgs = {key: {"id": key, "file_name": f"train/{key}.png", "width": 24, "height": 16} for key in "abc"}
    anns = {f"{n}": {"image_id": key, "utf8_string": text} for n, (key, text) in enumerate(texts)}
    _json(root / "TextOCR_0.1_val.json", {"imgs": imgs, "anns": anns})
    for key in "ab":
        picture(root / "train_images" / f"{key}.png")


WRITERS: Mapping[str, Callable[[Path], None]] = {
    "amber": amber,
    "cf": cf,
    "chair": chair,
    "hallusionbench": hallusionbench,
    "llava-bench": llava_bench,
    "mm-vet": mm_vet,
    "mmbench": mmbench,
    "mme": mme,
    "mmmu": mmmu,
    "pope": pope,
    "scienceqa": scienceqa,
    "seed-bench": seed_bench,
    "textocr": textocr,
}
