"""Sources whose rows are pictures with descriptions."""

from tests.tasks.files import parquet
from tests.tasks.tree import Files, Trees, json_lines, picture, pictures


def scicap() -> Files:
    name = "1001.0025v1-Figure2-1.png"
    record = {
        "contains-subfigure": False,
        "figure-ID": name,
        "0-originally-extracted": "Figure 2: Growth over time.",
    }
    return {
        "scicap/SciCap-Caption-All/train/1001.0025v1-Figure2-1.json": record,
        **pictures(f"scicap/SciCap-No-Subfig-Img/train/{name}"),
    }


def senticap() -> Files:
    name = "COCO_val2014_000000284106.jpg"
    sentences = [{"raw": "a lovely dog", "sentiment": 1}, {"raw": "a sad dog", "sentiment": 0}]
    images = [{"filename": name, "split": "train", "imgid": 5, "sentences": sentences}]
    return {
        "senticap/senticap_dataset/data/senticap_dataset.json": {"images": images},
        **pictures(f"coco2014/val2014/{name}"),
    }


def vqg() -> Files:
    return {
        "vqg/bing_train_all.csv": "image_id,image_url,query_term,questions,captions\n"
        "0a1b,http://example.org/a.jpg,barn fire,Was anyone hurt?---Who called?,a barn---smoke\n",
        "vqg/coco_train_all.csv": "image_id,image_url,questions,ratings\n77,x,Is it cold?,3\n",
        **pictures("vqg/bing_train_all/0a1b.jpg", "vqg/coco_train_all/77.jpg"),
    }


def conceptual_captions() -> Files:
    return {
        "conceptual_captions/Train_GCC-training.tsv": 'null\thttp://example.org/a.jpg\n"person" runs\t'
        "http://example.org/b.jpg\n",
        **pictures("conceptual_captions/images/a.jpg", "conceptual_captions/images/b.jpg"),
    }


def flickr30k() -> Files:
    sentences = [{"raw": f"A man walks {n + 2} dogs .", "tokens": []} for n in range(5)]
    images = [{"filename": "1000.jpg", "split": "train", "sentences": sentences}]
    return {
        "flickr30k/dataset_flickr30k.json": {"images": images},
        **pictures("flickr30k_images/flickr30k-images/1000.jpg"),
    }


def nocaps() -> Files:
    name = "0013ea2087020901.jpg"
    return {
        "nocaps/nocaps_val_4500_captions.json": {
            "images": [{"id": 0, "file_name": name, "width": 8, "height": 8}],
            "annotations": [{"image_id": 0, "id": n, "caption": f"A bird {n}. "} for n in range(10)],
        },
        **pictures(f"nocaps/val/{name}"),
    }


def pickapic() -> Files:
    columns = {
        "caption": ["a red fox", "a blue owl", "a red fox"],
        **{f"image_{k}_uid": [f"{k}a", f"{k}b", f"{k}a"] for k in (0, 1)},
        **{f"jpg_{k}": [picture(3 * k + n) for n in range(3)] for k in (0, 1)},
    }
    return {"pickapic/data/train-00000-of-00001.parquet": parquet(columns)}


def vizwiz_captions() -> Files:
    sentence = {"image_id": 0, "is_precanned": False, "is_rejected": False}
    return {
        "vizwiz_captions/annotations/train.json": {
            "images": [{"id": 0, "file_name": "VizWiz_train_00000000.jpg", "text_detected": True}],
            "annotations": [
                {**sentence, "id": 1, "caption": "A CAN\r\nof beans ."},
                {**sentence, "id": 3, "caption": "a can of beans"},
                {**sentence, "id": 2, "caption": "Quality issues are too severe", "is_precanned": True},
            ],
        },
        **pictures("vizwiz_images/train/VizWiz_train_00000000.jpg"),
    }


def localized_narratives() -> Files:
    records = {
        "coco_train_localized_narratives-00002-of-00004.jsonl": ("mscoco_train2017", "137576"),
        "flickr30k_test_localized_narratives.jsonl": ("Flick30k_test", "1007"),
        "flickr30k_train_localized_narratives.jsonl": ("Flick30k_train", "1008"),
        "open_images_train_v6_localized_narratives-00001-of-00010.jsonl": ("open_images_train", "00ab"),
        "ade20k_train_localized_narratives.jsonl": ("ADE20k_train", "ADE_train_00004721"),
    }
    line = {"annotator_id": 3, "caption": "In this image there is a tree.", "traces": [[{"x": -0.1}]]}
    return {
        **{
            f"localized_narratives/{name}": json_lines({"dataset_id": part, "image_id": number, **line})
            for name, (part, number) in records.items()
        },
        **pictures(
            "coco2017/train2017/000000137576.jpg",
            "flickr30k_images/flickr30k-images/1007.jpg",
            "flickr30k_images/flickr30k-images/1008.jpg",
            "open_images/train/00ab.jpg",
            "ade20k/ADEChallengeData2016/images/training/ADE_train_00004721.jpg",
        ),
    }


def ffhq_text() -> Files:
    return {
        "ffhq_text/FFHQ-Text/Text/00936.txt": "She smiles.\nHer hair is long.\n",
        **pictures("ffhq_text/FFHQ-Text/Image/00936.png"),
    }


def lad() -> Files:
    root = "lad/LAD_annotations"
    return {
        f"{root}/label_list.txt": "Label_A_01, red panda, x\n",
        f"{root}/attribute_list.txt": "Attr_A_001, colour: red, x\nAttr_A_002, has wings, x\n",
        f"{root}/attributes.txt": "Label_A_01, A_red panda/ab.jpg, [ 1  0 ]\n",
        **pictures("lad/LAD_images/A_red panda/ab.jpg"),
    }


def redcaps() -> Files:
    texts = (
        "a robin in our garden",
        "my <usr> found this",
        "two owls , asleep",
        "first jay of the year !",
        "a heron",
        "a wren",
    )
    records = [
        {"image_id": f"ab{n}", "subreddit": "Birds", "caption": text, "raw_caption": text.title()}
        for n, text in enumerate(texts)
    ]
    return {
        "redcaps/annotations/birds_2019.json": {"info": {}, "annotations": records},
        **pictures(*(f"redcaps/images/birds/ab{n}.jpg" for n in range(len(texts)))),
    }


def chart2text() -> Files:
    root = "chart2text/statista_dataset/dataset"
    return {
        f"{root}/captions/1.txt": 'Sales of " green " tea rose to 5.5 units , a record .\n',
        f"{root}/multiColumn/captions/1.txt": "Two lines cross .\n",
        **pictures(f"{root}/imgs/1.png", f"{root}/multiColumn/imgs/1.png"),
    }


def textcaps() -> Files:
    record = {
        "image_id": "ab",
        "image_name": "ab",
        "image_path": "train/ab.jpg",
        "caption_id": 5,
        "caption_str": "A sign says STOP.",
    }
    return {
        "textcaps/TextCaps_0.1_train.json": {"data": [record]},
        "textcaps/TextCaps_0.1_val.json": {"data": [{**record, "caption_id": 6}]},
        **pictures("textvqa_images/train_images/ab.jpg"),
    }


TREES: Trees = {
    f.__name__: f
    for f in (
        scicap, senticap, vqg, conceptual_captions, flickr30k, nocaps, pickapic, vizwiz_captions,
        localized_narratives, ffhq_text, lad, redcaps, chart2text, textcaps,
    )
}  # fmt: skip
