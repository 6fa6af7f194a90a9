"""Files of finished conversations, as their publishers ship them."""

from typing import Any

from tests.tasks.tree import Files, Trees, json_lines, picture, pictures


def record(image: str, *texts: str, **more: Any) -> dict[str, Any]:
    """Return a record in LLaVA's JSON; who speaks alternates."""
    said = [{"from": ("human", "gpt")[place % 2], "value": text} for place, text in enumerate(texts)]
    return {"id": "shared", "image": image, **more, "conversations": said}


def silent(*texts: str) -> dict[str, Any]:
    """Return a record that names no picture."""
    return {key: value for key, value in record("", *texts).items() if key != "image"}


def vision_flan_191() -> Files:
    folder = "vision_flan_191/images_191task_1k"
    guitar, itm = "PACS+guitar_image_category_classification", "ITM"
    flag = f"{guitar}_1_Stra\u00dfe=2 b.png"
    return {
        "vision_flan_191/annotation_191-task_1k.json": [
            record(
                f"{guitar}_0_n03272010_10795-5.png",
                "<image>\nIn which style is it?\nOptions: (a) photo (b) sketch",
                "(b) sketch",
                task_name=guitar,
            ),
            record(flag, "In which style is it?\n<image>", "(a) photo", task_name=guitar),
            record("ITM_1.jpg", "Does it fit?\n\nOptions: (a) yes (b) no\n<image>", "(a) yes", task_name=itm),
        ],
        **pictures(f"{folder}/{guitar}_0_n03272010_10795-5.png", f"{folder}/ITM_1.jpg"),
        f"{folder}/{flag.replace(chr(0xDF), '#U00df')}": picture(3, "png"),
    }


def llava_instruct() -> Files:
    files = {
        "conversation_58k.json": [
            record("000000000009.jpg", "What is it?\n<image>", "A plain.", "Which colour?", "Red."),
            record("000000000025.jpg", "<image>\nIs it large?", "It fills the picture."),
        ],
        "detail_23k.json": [record("000000000009.jpg", "Describe it.\n<image>", "A red plain\n\nall over.")],
        "complex_reasoning_77k.json": [
            record("000000000025.jpg", "Why green?\n<image>", "It was painted so.")
        ],
    }
    return {
        **{f"llava_instruct/{name}": records for name, records in files.items()},
        **pictures(*(f"coco2017/train2017/0000000000{n}.jpg" for n in ("09", "25"))),
    }


def llava_pretrain() -> Files:
    return {
        "llava_pretrain/blip_laion_cc_sbu_558k.json": [
            record("00453/004539375.jpg", "Sum the picture up.\n<image>", "a red mattress")
        ],
        **pictures("llava_pretrain/00453/004539375.jpg"),
    }


def llava_json() -> Files:
    return {
        "llava_json/mine.json": [
            record("a/1.jpg", "<image>\nWhat is it?", "Red.", "Sure?", "Yes."),
            silent(" Name a colour.\n", "Red.", "And another?", "Blue."),
        ],
        "llava_json/more.jsonl": json_lines(record("b 2.png", "Name it.", "Green.")),
        **pictures("llava_json/images/a/1.jpg", "llava_json/images/b 2.png"),
    }


TREES: Trees = {
    "vision_flan_191": vision_flan_191,
    "llava_instruct": llava_instruct,
    "llava_pretrain": llava_pretrain,
    "llava_json": llava_json,
}
