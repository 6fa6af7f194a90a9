"""What publishers of captions ship besides good records is read right, or counted with its reason."""

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.tasks.test_layouts import verdicts
from tests.tasks.test_traps import found
from tests.tasks.tree import picture, pictures
from vf_ray.raw.tree import RawTree
from vf_ray.tasks import sources
from vf_ray.types import Instance


def test_images_whose_addresses_end_alike_are_rejects(tmp_path: Path) -> None:
    lines = {
        "a person": "http://a.example/one.jpg",
        "NA": "http://b.example/two.jpg?w=300",
        "another": "http://c.example/x/one.jpg",
        "a folder": "http://d.example/",
    }
    files = {
        "conceptual_captions/Train_GCC-training.tsv": "".join(
            f"{text}\t{url}\n" for text, url in lines.items()
        ),
        **pictures("conceptual_captions/images/one.jpg"),
    }
    answers, reasons = found("conceptual_captions", tmp_path, files)
    assert answers == {"caption Train_GCC-training/1": "NA"}
    assert reasons == ["address without a file name", *["file name of several addresses"] * 2]


def test_questions_of_every_list_are_read_and_a_image_without_one_is_a_reject(tmp_path: Path) -> None:
    files = {
        "vqg/bing_test_all.csv": "image_id,image_url,query_term,questions,captions\n"
        "0a,x,fire,---,a barn---b\n",
        "vqg/flickr_dev_all.csv": "image_id,image_url,questions,ratings\n7,x,Who won?---Is it cold?,3---2\n",
        **pictures("vqg/bing_test_all/0a.jpg", "vqg/flickr_dev_all/7.jpg"),
    }
    answers, reasons = found("vqg", tmp_path, files)
    assert answers == {
        "caption bing_test_all/0a": "a barn",
        "question flickr_dev_all/7/0": "Who won?",
        "question flickr_dev_all/7/1": "Is it cold?",
    }
    assert reasons == ["no question"]


def test_a_list_of_captions_has_the_number_it_is_asked_for(tmp_path: Path) -> None:
    texts = (["a.", "b.", "c.", "d.", "e."], ["a.", " ", "c.", "d.", "e."], ["a."])
    images = [
        {"filename": f"{n}.jpg", "split": "train", "sentences": [{"raw": text} for text in raw]}
        for n, raw in enumerate(texts)
    ]
    answers, reasons = found("flickr30k", tmp_path, {"flickr30k/dataset_flickr30k.json": {"images": images}})
    assert answers == {"captions 0.jpg": "1. a.\n2. b.\n3. c.\n4. d.\n5. e."}
    assert reasons == ["not five different sentences"] * 2


def test_the_publishers_own_list_of_sentences_is_read_too(tmp_path: Path) -> None:
    lines = [f"1000.jpg#{n}\ta man {n} ." for n in range(5)]
    files = {"flickr30k/results_20130124.token": "\n".join((*lines, "no record"))}
    answers, reasons = found("flickr30k", tmp_path, files)
    assert list(answers) == ["captions 1000.jpg"] and reasons == ["not five different sentences"]


def test_captions_of_nocaps_are_ten(tmp_path: Path) -> None:
    texts = {0: [f"{n}." for n in range(10)], 1: ["1."], 2: [*map(str, range(9)), "  "]}
    files = {
        "nocaps/nocaps_val_4500_captions.json": {
            "images": [{"id": n, "file_name": f"{n}.jpg"} for n in (0, 1, 2, 3)],
            "annotations": [
                {"image_id": image, "id": 10 * image + n, "caption": text}
                for image, found_texts in texts.items()
                for n, text in enumerate(found_texts)
            ],
        }
    }
    answers, reasons = found("nocaps", tmp_path, files)
    assert list(answers) == ["captions nocaps_val_4500_captions/0"]
    assert reasons == ["not ten different captions"] * 3


def test_blank_and_refused_captions_take_no_number(tmp_path: Path) -> None:
    texts: list[dict[str, Any]] = [
        {"caption": "A CAN.\r\n On a table."},
        {"caption": " "},
        {"caption": "stock sentence", "is_precanned": True},
        {"caption": "bad", "is_rejected": True},
        {"caption": "a can"},
    ]
    files = {
        "vizwiz_captions/annotations/train.json": {
            "images": [{"id": 0, "file_name": "VizWiz_train_00000000.jpg"}],
            "annotations": [{"image_id": 0, "id": n, **text} for n, text in enumerate(texts)],
        }
    }
    answers, _ = found("vizwiz_captions", tmp_path, files)
    assert list(answers.values()) == ["1. A CAN. On a table.\n2. a can"]


def test_the_edition_without_images_is_refused_at_once(tmp_path: Path) -> None:
    with io.BytesIO() as data:
        pq.write_table(pa.table({"caption": ["a"], "image_0_uid": ["x"], "image_1_uid": ["y"]}), data)
        files = {"pickapic/data/train-00000-of-00001.parquet": data.getvalue()}
    with pytest.raises(ValueError, match="has no column 'jpg_0'"):
        found("pickapic", tmp_path, files)


@pytest.mark.parametrize("folder", ["train", "Train"])
def test_figures_are_found_however_their_folder_is_spelled(tmp_path: Path, folder: str) -> None:
    record = {
        "contains-subfigure": True,
        "figure-ID": "1-Figure3-1.png",
        "0-originally-extracted": "FIG. 3. Two.",
    }
    files = {
        f"scicap/scicap_data/SciCap-Caption-All/{folder}/1-Figure3-1.json": record,
        f"scicap/scicap_data/SciCap-Caption-All/{folder}/broken.json": '{"contains',
        "scicap/scicap_data/SciCap-Caption-All/test/2-Figure1-1.json": {
            **record,
            "0-originally-extracted": "Figure 1:",
        },
    }
    answers, reasons = found("scicap", tmp_path, files)
    assert answers == {f"caption SciCap-Caption-All/{folder}/1-Figure3-1.json": "Two."}
    assert reasons == ["answer empty", "malformed record"]


@pytest.mark.parametrize("listed", ["", "images/", "LAD_images/"])
@pytest.mark.parametrize("held", ["LAD_images/", "LAD_images/images/", "images/"])
def test_the_list_of_attributes_and_the_folders_may_differ(tmp_path: Path, listed: str, held: str) -> None:
    line = "{}, " + listed + "A_red panda/{}.jpg, [ {} ]\n"
    lines = [("Label_A_01", "ab", "1  0  1"), ("Label_A_01", "ac", "1 0"), ("Label_Z", "ad", "1 1 1")]
    files = {
        "lad/LAD_annotations/label_list.txt": "\ufeffLabel_A_01, red panda, \u732b\n",
        "lad/LAD_annotations/attribute_list.txt": "A_1, red, x\nA_2, big, x\nA_3, size \u2264 1 m, x\n",
        "lad/LAD_annotations/attributes.txt": "".join(line.format(*of) for of in lines),
        **pictures(f"lad/{held}A_red panda/ab.jpg"),
    }
    answers, reasons = found("lad", tmp_path, files)
    assert answers == {"details A_red panda/ab.jpg": "red panda: red, size \u2264 1 m"}
    assert reasons == ["malformed record"] * 2
    tree = RawTree.of(str(tmp_path), sources()["lad"].raws)
    shown = [str(v.image) for v in verdicts("lad", tmp_path, files) if isinstance(v, Instance)]
    assert [tree.read(image) for image in shown] == [picture(0)]
