"""Question-answering sources on pictures of their own."""

from typing import Any

from tests.tasks.tree import Files, Trees, pictures


def clevr_questions(image: str) -> list[dict[str, Any]]:
    asked = [("Is there a cube?", "no"), ("How many spheres?", "3"), ("What colour is the cone?", "red"), ("Is it big?", "no")]  # fmt: skip
    return [
        {"image_index": 3, "program": [{"inputs": []}], "question_index": n, "image_filename": image,
         "question_family_index": 1, "split": "train", "question": q, "answer": a}
        for n, (q, a) in enumerate(asked)
    ]  # fmt: skip


def clevr() -> Files:
    image = "CLEVR_train_000003.png"
    root = "clevr/CLEVR_v1.0"
    return {
        f"{root}/questions/CLEVR_train_questions.json": {"info": {}, "questions": clevr_questions(image)},
        **pictures(f"{root}/images/train/{image}"),
    }


def clevr_cogent() -> Files:
    image = "CLEVR_trainA_000003.png"
    root = "clevr_cogent/CLEVR_CoGenT_v1.0"
    return {
        f"{root}/questions/CLEVR_trainA_questions.json": {"info": {}, "questions": clevr_questions(image)},
        **pictures(f"{root}/images/trainA/{image}"),
    }


def clevr_humans() -> Files:
    image = "CLEVR_train_000005.png"
    record = {"question": "Wich thing hides?", "answer": "cube", "image_index": 5, "image_filename": image, "split": "train"}  # fmt: skip
    return {
        "clevr_humans/CLEVR-Humans/CLEVR-Humans-train.json": {"questions": [record]},
        **pictures(f"clevr/CLEVR_v1.0/images/train/{image}"),
    }


def textcaps() -> Files:
    record = {"image_id": "ab", "image_name": "ab", "image_path": "train/ab.jpg", "caption_id": 5, "caption_str": "A sign says STOP."}  # fmt: skip
    return {
        "textcaps/TextCaps_0.1_train.json": {"data": [record]},
        "textcaps/TextCaps_0.1_val.json": {"data": [{**record, "caption_id": 6}]},
        **pictures("textvqa_images/train_images/ab.jpg"),
    }


TREES: Trees = {
    "clevr": clevr, "clevr_cogent": clevr_cogent, "clevr_humans": clevr_humans, "textcaps": textcaps,
}  # fmt: skip
