"""Question-answering sources on pictures of their own."""

from typing import Any

from tests.tasks.tree import Files, Trees, json_lines, pictures


def clevr_questions(image: str) -> list[dict[str, Any]]:
    asked = [
        ("Is there a cube?", "no"),
        ("How many spheres?", "3"),
        ("What colour is the cone?", "red"),
        ("Is it big?", "no"),
    ]
    return [
        {
            "image_index": 3,
            "program": [{"inputs": []}],
            "question_index": n,
            "image_filename": image,
            "question_family_index": 1,
            "split": "train",
            "question": q,
            "answer": a,
        }
        for n, (q, a) in enumerate(asked)
    ]


def clevr() -> Files:
    image = "CLEVR_train_000003.png"
    root = "clevr/CLEVR_v1.0"
    return {
        f"{root}/questions/CLEVR_train_questions.json": {"info": {}, "questions": clevr_questions(image)},
        **pictures(f"{root}/images/train/{image}"),
    }


def clevr_cogent() -> Files:
    root = "clevr_cogent/CLEVR_CoGenT_v1.0"
    folders = ("trainA", "valA", "valB")
    asked = {f: {"info": {}, "questions": clevr_questions(f"CLEVR_{f}_000003.png")} for f in folders}
    return {
        **{f"{root}/questions/CLEVR_{f}_questions.json": questions for f, questions in asked.items()},
        **pictures(*(f"{root}/images/{f}/CLEVR_{f}_000003.png" for f in folders)),
    }


def clevr_humans() -> Files:
    image = "CLEVR_train_000005.png"
    record = {
        "question": "Wich thing hides?",
        "answer": "cube",
        "image_index": 5,
        "image_filename": image,
        "split": "train",
    }
    return {
        "clevr_humans/CLEVR-Humans/CLEVR-Humans-train.json": {"questions": [record]},
        **pictures(f"clevr/CLEVR_v1.0/images/train/{image}"),
    }


def visual_genome() -> Files:
    pair = {"qa_id": 8, "image_id": 7, "question": "What is here?", "answer": "Two cups."}
    return {
        "visual_genome/question_answers.json": [
            {"id": 7, "qas": [pair]},
            {"id": 9, "qas": [{**pair, "qa_id": 10}]},
            {"id": 11, "qas": []},
        ],
        **pictures("visual_genome_images/VG_100K/7.jpg", "visual_genome_images/VG_100K_2/9.jpg"),
    }


def gqa() -> Files:
    record = {"question": "Is the cup left of the jar?", "imageId": "456", "answer": "no", "semantic": []}
    return {
        "gqa/train_balanced_questions.json": {"0123": record},
        "gqa/testdev_balanced_questions.json": {"0777": {**record, "imageId": "n5"}},
        **pictures("gqa/images/456.jpg", "gqa/images/n5.jpg"),
    }


def visual7w() -> Files:
    pair = {
        "qa_id": 10,
        "image_id": 9,
        "question": "What lies there?",
        "answer": "A towel.",
        "multiple_choices": ["A coat.", "A bag.", "A rope."],
        "type": "what",
    }
    images = [{"image_id": 9, "filename": "v7w_9.jpg", "split": "train", "qa_pairs": [pair]}]
    return {
        "visual7w/dataset_v7w_telling.json": {"images": images},
        **pictures("visual7w/images/v7w_9.jpg"),
    }


def vizwiz_vqa() -> Files:
    given = ["milk", "milk", "soy milk", "Milk.", "juice", "unanswerable"]
    record = {
        "image": "VizWiz_train_00000003.jpg",
        "question": "What is this carton?",
        "answers": [{"answer": a, "answer_confidence": "yes"} for a in given],
        "answer_type": "other",
        "answerable": 1,
    }
    return {
        "vizwiz_vqa/Annotations/train.json": [record],
        **pictures("vizwiz_images/train/VizWiz_train_00000003.jpg"),
    }


def daquar() -> Files:
    return {
        "daquar/qa.894.raw.train.txt": "what is under the mirror in the image40 ?\nchest_of_drawers\n"
        "what is on the bed in this image 41 ?\npillow, book\n",
        "daquar/qa.894.raw.test.txt": "how many chairs are there in image1 ?\r\n2\r\n",
        **pictures(*(f"daquar/nyu_depth_images/image{n}.png" for n in (40, 41, 1))),
    }


def kvqa() -> Files:
    record = {
        "imgPath": "KVQAimgs/12.jpg",
        "wikiCap": "Ann Invented at a fair",
        "Questions": ["Who is this?", "How many people are there?"],
        "Answers": ["Ann Invented", 1],
        "Type of Question": [["1-hop"]],
        "split": [1, 2, 3, 1, 1],
    }
    return {"kvqa/dataset.json": {"12": record}, **pictures("kvqa/KVQAimgs/12.jpg")}


def viquae() -> Files:
    image = "512px-Some_bridge,_(2).jpg"
    record = {
        "id": "ab",
        "image": image,
        "input": "this bridge opened in which year?",
        "output": {"original_answer": "1932", "answer": ["1932", "in 1932"]},
    }
    other = {**record, "id": "cd", "output": {"answer": ["Pont Neuf"]}}
    return {
        "viquae/train.jsonl": json_lines(record),
        "viquae/validation.jsonl": json_lines(other),
        **pictures(f"viquae/images/{image}"),
    }


def vqa_rad() -> Files:
    record = {
        "qid": 0,
        "phrase_type": "freeform",
        "image_name": "synpic12.jpg",
        "question": "Is the heart large?",
        "answer": "Yes\t",
    }
    return {
        "vqa_rad/VQA_RAD Dataset Public.json": [
            record,
            {**record, "qid": 1, "phrase_type": "test_para", "answer": 4},
        ],
        **pictures("vqa_rad/VQA_RAD Image Folder/synpic12.jpg"),
    }


def geometry3k() -> Files:
    record = {"id": 10, "problem_text": "Find $x$.", "choices": ["1", "2", "3", "4"], "answer": "B"}
    root = "geometry3k/geometry3k/train/10"
    return {f"{root}/data.json": record, **pictures(f"{root}/img_diagram.png")}


def iconqa() -> Files:
    root = "iconqa/iconqa_data/iconqa/train"
    return {
        f"{root}/choose_txt/1/data.json": {
            "question": "What comes next?",
            "choices": ["dots", "lines"],
            "answer": 1,
        },
        f"{root}/fill_in_blank/2/data.json": {"question": "There are _ dots.", "answer": "7"},
        **pictures(f"{root}/choose_txt/1/image.png", f"{root}/fill_in_blank/2/image.png"),
    }


def infographicvqa() -> Files:
    record = {
        "questionId": 70001,
        "question": "How many?",
        "image_local_name": "123.jpeg",
        "answers": ["3 million"],
    }
    return {
        "infographicvqa/infographicVQA_train_v1.0.json": {"data": [record]},
        "infographicvqa/infographicsVQA_val_v1.0_withQT.json": {"data": [{**record, "questionId": 70002}]},
        **pictures("infographicvqa/images/123.jpeg"),
    }


def docvqa() -> Files:
    record = {
        "question": "What is the date?",
        "image": "documents/zzzz0007_1.png",
        "answers": ["12 May", "May 12"],
    }
    return {
        "docvqa/train_v1.0_withQT.json": {"data": [{"questionId": n, **record} for n in range(60001, 60007)]},
        **pictures("docvqa/spdocvqa_images/zzzz0007_1.png"),
    }


def scienceqa() -> Files:
    record = {
        "question": "Which is  hotter?",
        "choices": ["ice", "steam"],
        "answer": 1,
        "hint": "",
        "image": "image.png",
        "lecture": "Heat flows.",
        "solution": "Steam boils.",
        "split": "train",
    }
    root = "scienceqa/data/scienceqa"
    return {
        f"{root}/problems.json": {"17": record, "18": {**record, "image": None}},
        **pictures(f"{root}/images/train/17/image.png"),
    }


def ai2d() -> Files:
    question = {"abcLabel": False, "answerTexts": ["leaf", "root", "{}", "stem"], "correctAnswer": 0}
    return {
        "ai2d/ai2d/questions/1.png.json": {
            "imageName": "1.png",
            "questions": {"What makes sugar?": {**question, "questionId": "1.png-0"}},
        },
        "ai2d/ai2d/questions/2.png.json": {"imageName": "2.png", "questions": {}},
        "ai2d/ai2d/questions/3.png.json": {
            "imageName": "3.png",
            "questions": {"What drinks?": {**question, "questionId": "3.png-0"}},
        },
        "ai2d/ai2d/ai2d_test_ids.csv": "3\n",
        **pictures(*(f"ai2d/ai2d/images/{n}.png" for n in (1, 2, 3))),
    }


def dvqa() -> Files:
    record = {"image": "bar_train_00000001.png", "question": "How many bars?", "answer": "three"}
    return {
        "dvqa/train_qa.json": [
            {"question_id": 1, "template_id": "structure", "answer_bbox": [], **record},
            {"question_id": 2, "question_type": "reasoning", "bbox_answer": [], **record},
        ],
        **pictures("dvqa/images/bar_train_00000001.png"),
    }


def plotqa() -> Files:
    pairs = [
        {"image_index": 0, "question_string": "How many?", "question_id": 0, "answer": 6},
        {"image_index": 0, "question_string": "How much?", "question_id": 1, "answer": 13.469999999999999},
    ]
    return {
        "plotqa/train/qa_pairs_V2.json": {"qa_pairs": pairs},
        "plotqa/val/qa_pairs_V2.json": {"qa_pairs": pairs},
        **pictures("plotqa/train/png/0.png", "plotqa/val/png/0.png"),
    }


TREES: Trees = {
    f.__name__: f
    for f in (
        clevr, clevr_cogent, clevr_humans, visual_genome, gqa, visual7w, vizwiz_vqa, daquar, kvqa, viquae,
        vqa_rad, geometry3k, iconqa, infographicvqa, docvqa, scienceqa, ai2d, dvqa, plotqa,
    )
}  # fmt: skip
