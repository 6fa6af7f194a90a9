"""What publishers' files hold besides good records is read right, or counted with its reason."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.tasks.test_layouts import verdicts
from tests.tasks.tree import Files, json_lines, picture, pictures
from vf_ray.sources.fields import Fields
from vf_ray.tasks.clevr import distinct
from vf_ray.types import Instance, Reject

Found = tuple[dict[str, str], list[str]]
"""Answers by task and key, and the reasons of the rejects."""


def found(source: str, root: Path, files: Files) -> Found:
    both = verdicts(source, root, files)
    answers = {f"{v.task.partition('/')[2]} {v.key}": v.answer for v in both if isinstance(v, Instance)}
    return answers, sorted(v.reason for v in both if isinstance(v, Reject))


CLASS_FOLDERS: Mapping[str, tuple[str, str]] = {
    "ayahoo": ("ayahoo_test_images/bag_5.jpg", "ayahoo_test_images/chair_3.jpg"),
    "cat2000": ("trainSet/Stimuli/Object/001.jpg", "trainSet/Stimuli/Objects/001.jpg"),
    "imagenet_a": ("imagenet-a/n01440764/0.1_a _ b_0.2.jpg", "imagenet-a/n99999999/0.1_a _ b_0.2.jpg"),
    "imagenet_sketch": ("sketch/n01440764/sketch_1.JPEG", "sketch/necklace/sketch_2.JPEG"),
    "set5": ("Set5_HR/bird.png", "Set5_HR/zebra.png"),
}


@pytest.mark.parametrize("source", CLASS_FOLDERS)
def test_a_image_of_no_known_class_is_a_reject(tmp_path: Path, source: str) -> None:
    known, unknown = (f"{source}/{path}" for path in CLASS_FOLDERS[source])
    both = verdicts(source, tmp_path, pictures(known, unknown))
    rejects = {v.key: v.reason for v in both if isinstance(v, Reject)}
    assert rejects.pop(unknown.partition("/")[2]) == "unknown class"
    assert set(rejects.values()) <= {"example impossible"}, "one class leaves no others to choose from"


def test_a_rendition_of_no_known_kind_has_no_style(tmp_path: Path) -> None:
    files = pictures("imagenet_r/imagenet-r/n01440764/fresco_2.jpg")
    answers, reasons = found("imagenet_r", tmp_path, files)
    assert list(answers.values()) == ["tench"] and reasons == ["unknown kind of rendition"]


def test_images_of_visda_serve_the_task_of_their_split(tmp_path: Path) -> None:
    from vf_ray.tasks.visda2017 import CLASSES

    rendered = (f"visda2017/train/{name}/src_1.png" for name in (*CLASSES, "airplane"))
    photographed = (f"visda2017/validation/{name}/{name}_1.jpg" for name in CLASSES)
    labels = {"visda2017/classification/data/image_list.txt": "trunk00/ab.jpg 10\ntrunk00/ac.jpg 12\n"}
    files = {**pictures(*rendered, *photographed, "visda2017/test/trunk00/ab.jpg"), **labels}
    answers, reasons = found("visda2017", tmp_path, files)
    assert {(task, key.partition("/")[0]) for task, _, key in (a.partition(" ") for a in answers)} == {
        ("object", "train"),
        ("rendered_choice", "train"),
        ("photographed_choice", "validation"),
        ("photographed_choice", "test"),
    }
    assert answers["photographed_choice test/trunk00/ab.jpg"] == "train"
    assert reasons == ["malformed record", "unknown class"]


def test_the_dog_of_pacs_that_is_none_is_a_reject(tmp_path: Path) -> None:
    files = pictures(*(f"pacs/kfold/sketch/dog/n02103406_{n}-1.png" for n in (4068, 1170)))
    answers, reasons = found("pacs", tmp_path, files)
    assert answers == {"dog_style kfold/sketch/dog/n02103406_1170-1.png": "Sketch"}
    assert reasons == ["mislabelled"]


def test_codes_of_exdark_begin_at_one(tmp_path: Path) -> None:
    names = (
        "2015_00001.png 1 2 1 1",
        "2015_00002.JPG 12 1 2 3",
        "2015_00003.jpg 0 1 1 1",
        "2015_00004.jpg 13 1 1 2",
    )
    files = {
        "exdark/imageclasslist.txt": "Name | Class | Light | In/Out | Train/Val/Test\r\n"
        + "\r\n".join(names),
        **pictures("exdark/ExDark/Bicycle/2015_00001.jpg", "exdark/ExDark/Table/2015_00002.jpg"),
    }
    answers, reasons = found("exdark", tmp_path, files)
    assert list(answers.values()) == ["The picture shows a bicycle.", "The picture shows a table."]
    assert reasons == ["malformed record"] * 2


def puzzle(target: int) -> bytes:
    """Return a puzzle of RAVEN with an array of Python objects, which must not be unpickled."""
    with io.BytesIO() as data:
        words = np.array([b"Scene", b"/"], dtype=object)
        np.savez(data, image=np.zeros((16, 4, 4), np.uint8), target=np.int64(target), structure=words)
        return data.getvalue()


def test_damaged_puzzles_are_rejects(tmp_path: Path) -> None:
    root = "raven/RAVEN-10000/distribute_nine"
    files = {
        f"{root}/RAVEN_1_train.npz": puzzle(7),
        f"{root}/RAVEN_6_val.npz": puzzle(8),
        f"{root}/RAVEN_8_test.npz": puzzle(1)[:300],
        f"{root}/RAVEN_9_test.npz": b"",
    }
    answers, reasons = found("raven", tmp_path, files)
    assert list(answers.values()) == ["Option 8"] and reasons == ["malformed record"] * 3


def test_claims_find_their_images_whatever_lies_beside(tmp_path: Path) -> None:
    rows = (
        "7,Fish fly.,supported,<p>True. Some leap.</p>,1",
        "101234,Cats bark.,refuted,They mew.,1",
        "9,Rain.,NEI,x,1",
        "8,Odd.,odd,x,1",
    )
    files = {
        "mocheg/mocheg/train/Corpus2.csv": "\n".join(
            ("claim_id,Claim,cleaned_truthfulness,ruling_outline,evidence_id", *rows)
        ),
        **pictures(*(f"mocheg/mocheg/train/images/{name}.jpg" for name in
                     ("00007-proof-01-a", "101234-proof-00-b, c", "00008-proof-00-d", "cover-proof-old"))),
    }  # fmt: skip
    answers, reasons = found("mocheg", tmp_path, files)
    assert answers == {"fact_check train/7": "yes", "fact_check train/101234": "no"}
    assert reasons == ["claim without picture", "malformed record"]


def test_empty_captions_and_captions_of_no_image_are_rejects(tmp_path: Path) -> None:
    captions = [
        (1, 2, " A cat \n sits. "),
        (1, 4, "  "),
        (7, 6, "Of no picture."),
        *((2, n, f"{n}.") for n in range(8, 13)),
    ]
    files = {
        "coco_annotations/annotations/captions_train2014.json": {
            "images": [{"id": n, "file_name": f"COCO_train2014_{n:012d}.jpg"} for n in (1, 2)],
            "annotations": [{"image_id": i, "id": n, "caption": text} for i, n, text in captions],
        },
        **pictures(*(f"coco2014/train2014/COCO_train2014_{n:012d}.jpg" for n in (1, 2))),
    }
    answers, reasons = found("coco_captions", tmp_path, files)
    assert answers["caption captions_train2014/1/2"] == "A cat sits."
    assert not any(key.endswith("/1/4") for key in answers)
    assert {"answer empty", "caption empty", "annotation without picture"} <= set(reasons)


def test_an_answer_outside_the_choices_is_a_reject(tmp_path: Path) -> None:
    names = [f"pie_{n}_0.jpg" for n in range(4)]
    records = [
        {"task": "visual_coherence", "qid": str(answer), "choice_list": names, "answer": answer}
        for answer in (3, 4, -1)
    ]
    files = {
        "recipeqa/val.json": {"data": records},
        **pictures(*(f"recipeqa/images-qa/val/images-qa/{name}" for name in names)),
    }
    answers, reasons = found("recipeqa", tmp_path, files)
    assert answers == {"odd_one_out val/3": "The least similar image is D."}
    assert reasons == ["malformed record"] * 2


def test_photographs_nobody_judged_have_no_flaw(tmp_path: Path) -> None:
    votes = [{"FRM": 2, "BLR": 1, "ROT": 2, "NON": 0}, {"FRM": 0, "NON": 0}, {}]
    records = [{"image": f"{n}.jpg", "flaws": flaws} for n, flaws in enumerate(votes)]
    files = {
        "vizwiz_quality/train.json": records,
        **pictures(*(f"vizwiz_images/train/{n}.jpg" for n in range(3))),
    }
    answers, reasons = found("vizwiz_quality", tmp_path, files)
    assert list(answers.values()) == ["bad framing"] and reasons == ["no votes"] * 2


def test_a_face_with_two_expressions_is_a_reject(tmp_path: Path) -> None:
    names = ("a_1.jpg 0", "a_1.jpg 0", "b_1.jpg 0", "c_1.jpg 0", "c_1.jpg 1")
    lines = [f"{name} 1 1 9 9 3.1 {code}" for name, code in zip(names, (3, 3, 4, 3, 6), strict=True)]
    files = {
        "expw/label/label.lst": "\n".join((*lines, "b_1.jpg 0 1 1 9 9 3.1 5")),
        **pictures(*(f"expw/image/origin/{name}_1.jpg" for name in "abc")),
    }
    answers, reasons = found("expw", tmp_path, files)
    assert answers == {"expression a_1.jpg": "The expression is of happiness."}
    assert reasons == ["one face with two expressions"]


def test_the_text_of_a_meme_is_the_corrected_one_unless_blank(tmp_path: Path) -> None:
    header = ",image_name,text_ocr,text_corrected,humour\n"
    files = {
        "memotion/memotion_dataset_7k/labels.csv": header
        + "0,image_1.jpg,WHEN YOU,When you,funny\n1,image_2.jpg,ONLY READ, ,funny\n2,image_3.jpg,,,funny\n",
        **pictures(*(f"memotion/memotion_dataset_7k/images/image_{n}.jpg" for n in (1, 2, 3))),
    }
    answers, reasons = found("memotion", tmp_path, files)
    assert list(answers.values()) == ["When you", "ONLY READ"] and reasons == ["no text"]


def test_tweets_read_in_the_wrong_encoding_aremended(tmp_path: Path) -> None:
    from vf_ray.tasks.crisismmd import mended

    for text in ("plain", "the city\u2019s caf\u00e9", "\u201cyes\u201d \U0001f64f"):
        assert mended(text) == text
    assert mended("city\u2019s".encode().decode("cp1252")) == "city\u2019s"
    assert mended("blog\u2026".encode().decode("mac_roman")) == "blog\u2026"


def winoground_lines() -> Files:
    record = {
        "id": 3,
        "image_0": "ex_3_img_0",
        "image_1": "ex_3_img_1",
        "caption_0": "a b",
        "caption_1": "b a",
    }
    return {
        "winoground/examples.jsonl": json_lines(record),
        **pictures(*(f"winoground/images/ex_3_img_{n}.png" for n in (0, 1))),
    }


def winoground_table() -> Files:
    record = {"id": 3, "caption_0": "a b", "caption_1": "b a"}
    packed = {f"image_{n}": {"bytes": picture(n, "png"), "path": None} for n in (0, 1)}
    with io.BytesIO() as data:
        pq.write_table(pa.Table.from_pylist([{**record, **packed}]), data)
        return {"winoground/data/test-00000-of-00001.parquet": data.getvalue()}


@pytest.mark.parametrize("files", [winoground_lines, winoground_table])
def test_both_forms_of_winoground_give_one_instance_a_image(
    tmp_path: Path, files: Callable[[], Files]
) -> None:
    from vf_ray.raw.tree import RawTree
    from vf_ray.sources.images import image_bytes
    from vf_ray.tasks import sources

    both = [v for v in verdicts("winoground", tmp_path, files()) if isinstance(v, Instance)]
    assert {v.key: v.answer for v in both} == {"3/image_0": "a b", "3/image_1": "b a"}
    tree = RawTree.of(str(tmp_path), sources()["winoground"].raws)
    assert [image_bytes(tree, str(v.image)) for v in both] == [picture(n, "png") for n in (0, 1)]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (13.469999999999999, "13.47"), (16784849190000.0, "16784849190000"), (1e10, "10000000000"),
        (1234567890.12, "1234567890.12"), (123456.123456, "123456.123456"), (1e-7, "0.0000001"),
        (-3.0, "-3"), (0.0, "0"), (7, "7"), ("Yes", "Yes"),
    ],
)  # fmt: skip
def test_a_number_as_an_answer_is_said_whole(answer: object, said: str) -> None:
    assert Fields({"answer": answer}).written("answer") == said


def test_a_question_of_clevr_that_is_asked_twice_is_matched_once() -> None:
    cube, many = ("Is there a cube?", "yes"), ("How many?", "3")
    assert distinct((cube, cube, many)) == [cube, many]
    assert distinct((many, cube, ("Is it red?", "yes"))) == [many, cube]


@pytest.mark.parametrize(("given", "told"), [({"raw_answer": "surfing"}, "surfing"), ({}, "surf")])
def test_answers_of_okvqa_are_what_people_wrote_where_the_file_has_it(
    tmp_path: Path, given: dict[str, str], told: str
) -> None:
    asked = {"image_id": 801, "question_id": 8010}
    files = {
        "okvqa/OpenEnded_mscoco_train2014_questions.json": {
            "questions": [{**asked, "question": "What is he doing ?"}]
        },
        "okvqa/mscoco_train2014_annotations.json": {
            "annotations": [{**asked, "answers": [{"answer": "surf", **given}]}]
        },
        **pictures("coco2014/train2014/COCO_train2014_000000000801.jpg"),
    }
    answers, reasons = found("okvqa", tmp_path, files)
    assert list(answers.values()) == [told] and not reasons


def test_options_of_vizwiz_say_something_else(tmp_path: Path) -> None:
    given = ("lentil soup", "lentil soup", "Soup.", "can of lentil soup", "tomatoes", "unsuitable image")
    record = {"image": "a.jpg", "question": "What is in it?", "answers": [{"answer": text} for text in given]}
    files = {"vizwiz_vqa/Annotations/train.json": [record], **pictures("vizwiz_images/train/a.jpg")}
    (made,) = verdicts("vizwiz_vqa", tmp_path, files)
    assert isinstance(made, Instance) and set(made.options) == {"lentil soup", "tomatoes"}
