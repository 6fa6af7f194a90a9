"""Sources that stand on COCO pictures."""

from tests.tasks.tree import Files, Trees, pictures


def coco2014(*ids: int, split: str = "train") -> dict[str, bytes]:
    return pictures(*(f"coco2014/{split}2014/COCO_{split}2014_{i:012d}.jpg" for i in ids))


def coco2017(*ids: int, split: str = "train") -> dict[str, bytes]:
    return pictures(*(f"coco2017/{split}2017/{i:012d}.jpg" for i in ids))


RAW = {"surf": "surfing", "swim": "swimming"}
"""OK-VQA's stems, and what people had written."""


def answers(*texts: str) -> list[dict[str, str]]:
    return [{"answer": t, "raw_answer": RAW.get(t, t), "answer_confidence": "yes"} for t in texts]


def okvqa() -> Files:
    questions = [
        {"image_id": 801, "question_id": 8010, "question": "What sport is this board for?"},
        {"image_id": 802, "question_id": 8020, "question": "Which  season is it? "},
    ]
    annotations = [
        {"image_id": 802, "question_id": 8020, "answers": answers("winter", "winter", "fall")},
        {"image_id": 801, "question_id": 8010, "answers": answers("surf", "swim", "surf")},
    ]
    return {
        "okvqa/OpenEnded_mscoco_train2014_questions.json": {"info": {}, "questions": questions},
        "okvqa/mscoco_train2014_annotations.json": {"annotations": annotations, "question_types": {}},
        "okvqa/OpenEnded_mscoco_val2014_questions.json": {
            "questions": [{"image_id": 803, "question_id": 8030, "question": "Who made this car?"}]
        },
        "okvqa/mscoco_val2014_annotations.json": {
            "annotations": [{"image_id": 803, "question_id": 8030, "answers": answers("ford")}]
        },
        **coco2014(801, 802),
        **coco2014(803, split="val"),
    }


def vqav2() -> Files:
    texts = ("Is it raining?", "What is on the roof?", "How many cups are there?", "What colour is the tram?")
    found = ("no", "bird", "2", "green")
    questions = [
        {"image_id": 501 + n // 2, "question_id": 501000 + n, "question": text}
        for n, text in enumerate(texts)
    ]
    annotations = [
        {
            **q,
            "multiple_choice_answer": a,
            "answers": answers(a),
            "question_type": "x",
            "answer_type": "other",
        }
        for q, a in zip(questions, found, strict=True)
    ]
    return {
        "vqav2/v2_OpenEnded_mscoco_train2014_questions.json": {"questions": questions},
        "vqav2/v2_mscoco_train2014_annotations.json": {"annotations": annotations[::-1]},
        **coco2014(501, 502),
    }


def aokvqa() -> Files:
    record = {
        "split": "train", "image_id": 1101, "question_id": "22Ab", "question": "What might he open next?",
        "choices": ["umbrella", "door", "book", "can"], "correct_choice_idx": 0,
        "direct_answers": ["umbrella"] * 10, "difficult_direct_answer": False,
        "rationales": ["dark clouds are above him.", "He holds one.", "Dark clouds are above him"],
    }  # fmt: skip
    return {"aokvqa/aokvqa_v1p0_train.json": [record], **coco2017(1101)}


def coco_captions() -> Files:
    captions = [
        "A dog sleeps.",
        "A brown dog on a mat.\n",
        "Two cups on a shelf.",
        "Cups",
        "A red bus.",
        "A bus stops.",
        "Fog over a lake.",
        "A misty lake.",
        "A cake.",
        "A cake with a candle.",
    ]
    return {
        "coco_annotations/annotations/captions_train2014.json": {
            "images": [{"id": i, "file_name": f"COCO_train2014_{i:012d}.jpg"} for i in range(1, 6)],
            "annotations": [
                {"image_id": n // 2 + 1, "id": 700 + n * 3, "caption": text}
                for n, text in enumerate(captions)
            ],
        },
        **coco2014(1, 2, 3, 4, 5),
    }


def coco_objects() -> Files:
    from vf_ray.tasks.coco_objects import GROUPS

    categories = [
        {"id": 10 * g + n + 2, "name": name, "supercategory": group}
        for g, (group, names) in enumerate(GROUPS.items())
        for n, name in enumerate(names)
    ]
    first = [next(c["id"] for c in categories if c["supercategory"] == group) for group in GROUPS]
    objects = [
        {"id": n, "image_id": 9, "category_id": c, "bbox": [1, 1, 4, 4], "iscrowd": 0}
        for n, c in enumerate(first)
    ]
    return {
        "coco_annotations/annotations/instances_train2017.json": {
            "images": [{"id": 9, "file_name": "000000000009.jpg", "width": 8, "height": 8}],
            "annotations": objects,
            "categories": categories,
        },
        **coco2017(9),
    }


ASKED = {
    "color": ("What color is the kite?", "red"),
    "activity_recognition": ("What is the boy doing?", "running"),
    "counting": ("How many kites are there?", "two"),
    "object_presence": ("Is there a dog in the picture?", "no"),
    "object_recognition": ("What is in the air?", "kite"),
    "positional_reasoning": ("What is behind the boy?", "tree"),
    "scene_recognition": ("What is the weather like?", "sunny"),
    "sentiment_understanding": ("Is the boy happy?", "yes"),
    "sport_recognition": ("What sport is this?", "kite flying"),
    "utility_affordance": ("Can you eat the thing in the air?", "no"),
    "attribute": ("What shape is the kite?", "square"),
    "absurd": ("What color is the train?", "doesnotapply"),
}


def tdiuc() -> Files:
    from vf_ray.tasks.tdiuc import INSTRUCTIONS

    kinds = [*INSTRUCTIONS, "absurd"]
    questions = [{"image_id": 101, "question": ASKED[k][0], "question_id": n} for n, k in enumerate(kinds)]
    annotations = [
        {"question_id": n, "image_id": 101, "question_type": k, "answers": answers(ASKED[k][1])}
        for n, k in enumerate(kinds)
    ]
    return {
        "tdiuc/TDIUC/Questions/OpenEnded_mscoco_train2014_questions.json": {"questions": questions},
        "tdiuc/TDIUC/Annotations/mscoco_train2014_annotations.json": {"annotations": annotations},
        **coco2014(101),
    }


def vqa_e() -> Files:
    record = {
        "question": "What stands by the river?",
        "question_type": "what",
        "answer_type": "other",
        "answers": ["tent"] * 10,
        "multiple_choice_answer": "tent",
        "explanation": ["a blue tent stands by the river ", 0.7],
    }
    return {
        "vqa_e/VQA-E_train_set.json": [{"img_id": 301, **record}, {"image_id": 302, **record}],
        **coco2014(301, 302),
    }


TREES: Trees = {
    "okvqa": okvqa, "vqav2": vqav2, "aokvqa": aokvqa, "coco_captions": coco_captions,
    "coco_objects": coco_objects, "tdiuc": tdiuc, "vqa_e": vqa_e,
}  # fmt: skip
