"""Published benchmarks in miniature that ask what is there, or are answered in free form."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.eval.miniature import picture
from tests.eval.miniature_tables import as_json, image, parquet


def naturalbench(root: Path) -> None:
    rows = [
        {"Index": n, "Image_0": image(0), "Image_1": image(1), "Question_0": "Is it red?",
         "Question_1": "Is it not red?", "Question_Type": ("yes_no", "multiple_choice")[n]}
        for n in range(2)
    ]  # fmt: skip
    parquet(root / "data" / "train-00000-of-00001.parquet", rows)


def mmvp(root: Path) -> None:
    lines = ["Index,Question,Options,Correct Answer"]
    lines += [f"{n},Is it up?,(a) Yes (b) No,({'ab'[n % 2]})" for n in range(1, 5)]
    for n in range(1, 5):
        picture(root / "MMVP Images" / f"{n}.jpg", n)
    (root / "Questions.csv").write_text("\n".join(lines) + "\n")


def coco_captions(root: Path) -> None:
    rows = [
        {"image_id": image_id, "id": n, "caption": text}
        for image_id in (7, 42)
        for n, text in enumerate(("A dog on a mat.", f"The {image_id} animals sleep here."))
    ]
    as_json(root / "annotations" / "captions_val2014.json", {"annotations": rows})
    for image_id in (7, 42):
        picture(root / "val2014" / f"COCO_val2014_{image_id:012d}.jpg")


def mm_vet_v2(root: Path) -> None:
    entry = {"answer": "STOP", "capability": ["ocr", "seq"]}
    as_json(
        root / "mm-vet-v2.json",
        {
            "v2_0": {**entry, "question": "Read it.<IMG>v2_0.png"},
            "v2_1": {**entry, "question": "First<IMG>v2_0.png"},
        },
    )
    picture(root / "images" / "v2_0.png")


def mmhal_bench(root: Path) -> None:
    rows = [
        {"question_type": "attribute", "question_topic": "food", "image_id": f"{n}", "model_answer": "",
         "image_src": f"https://example.org/{n}.png", "image_content": ["cat", "mat"],
         "question": "What colour?", "gt_answer": "Red."}
        for n in range(2)
    ]  # fmt: skip
    as_json(root / "response_template.json", rows)
    for n in range(2):
        picture(root / "images" / f"{n}.png", n)


def phd(root: Path) -> None:
    row = {"image_id": "7", "task": "attribute", "yes_question": "Is it red?", "no_question": "Is it blue?",
           "context": {"sec": "It is blue.", "icc": "A blue cat."}}  # fmt: skip
    made = {"image_id": "9", "ccs_description": "odd", "yes_question": "Is it up?",
            "no_question": "Is it down?", "task": "position"}  # fmt: skip
    as_json(root / "data.json", [row, made])
    picture(root / "train2014" / "COCO_train2014_000000000007.jpg")
    picture(root / "CCS_images" / "9.png")


def _pope(root: Path, name: str, folder: str) -> None:
    for split in ("random", "popular", "adversarial"):
        rows = [
            {
                "question_id": n,
                "image": "a.jpg",
                "text": f"Is there a {split} {n}?",
                "label": ("yes", "no")[n % 2],
            }
            for n in range(1, 5)
        ]
        as_json(root / f"{name}_pope_seem_{split}.json", rows)
    picture(root / folder / "a.jpg")


def pope_aokvqa(root: Path) -> None:
    _pope(root, "aokvqa", "val2014")


def pope_gqa(root: Path) -> None:
    _pope(root, "gqa", "images")


def amber_generative(root: Path) -> None:
    known = [{"id": n, "type": "generative", "truth": ["dog", "sofa"], "hallu": ["ball"]} for n in (1, 2)]
    queries = [{"id": n, "image": f"AMBER_{n}.png", "query": "Describe this image."} for n in (1, 2)]
    as_json(root / "annotations.json", known)
    as_json(root / "query" / "query_generative.json", queries)
    words = {"dog": ["puppy"], "sofa": [], "couch": [], "ball": ["football"], "cat": [], "animal": []}
    as_json(root / "relation.json", words)
    (root / "safe_words.txt").write_text("animal\n\n")
    for n in (1, 2):
        picture(root / "image" / f"AMBER_{n}.png", n)


WRITERS: Mapping[str, Callable[[Path], None]] = {
    "amber-generative": amber_generative,
    "coco-captions": coco_captions,
    "mm-vet-v2": mm_vet_v2,
    "mmhal-bench": mmhal_bench,
    "mmvp": mmvp,
    "naturalbench": naturalbench,
    "phd": phd,
    "pope-aokvqa": pope_aokvqa,
    "pope-gqa": pope_gqa,
}
