"""Sources whose rows are pictures with texts."""

import io

from tests.tasks.tree import Files, Trees, gzipped, json_lines, pictures


def funsd() -> Files:
    root = "funsd/dataset/training_data"
    form = [{"id": 0, "text": "Name:", "label": "question"}, {"id": 1, "text": "", "label": "answer"}]
    return {f"{root}/annotations/1.json": {"form": form}, **pictures(f"{root}/images/1.png")}


def ctw1500() -> Files:
    box = '<box height="3" width="4" left="0" top="0"><label>{}</label><segs>0</segs></box>'
    boxes = "".join(map(box.format, ("CAFE, BAR", "###")))
    return {
        "ctw1500/ctw1500_train_labels/0001.xml": f"<Annotations><image file='0001.jpg'>{boxes}</image>"
        "</Annotations>",
        "ctw1500/ctw1500_test_labels/0001001.txt": f"{','.join('1' * 28)},####OPEN, ALWAYS\n",
        **pictures("ctw1500/train_images/0001.jpg", "ctw1500/test_images/1001.jpg"),
    }


def total_text() -> Files:
    region = "x: [[25 31\n 38]], y: [[54 46 41]], ornt: [u'c'], transcriptions: [u'{}']\n"
    quoted = "x: [[1]], y: [[2]], ornt: [u'h'], transcriptions: [u\"JOE'S\"]\n"
    return {
        "total_text/txt_format/Train/poly_gt_img1.txt": region.format("SHOP") + region.format("#") + quoted,
        **pictures("total_text/totaltext/Images/Train/img1.JPG"),
    }


def cova() -> Files:
    return {
        "cova/splits/webpage_info.csv": "webpage_name,domain\n12,www.example.com\n",
        **pictures("cova/imgs/12.png"),
    }


def flickr_logos_27() -> Files:
    root = "flickr_logos_27/flickr_logos_27_dataset/flickr_logos_27_dataset"
    return {
        f"{root}_training_set_annotation.txt": "1.jpg Puma 4 1 2 3 4 \n1.jpg Puma 4 1 2 3 4 \n",
        f"{root}_query_set_annotation.txt": "2.jpg\tnone\n3.jpg\tRedBull\n",
        **pictures(*(f"{root}_images/{n}.jpg" for n in (1, 2, 3))),
    }


def food_logo_det() -> Files:
    root = "food_logo_det/FoodLogoDet-1500"
    box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>4</xmax><ymax>4</ymax></bndbox>"
    return {
        f"{root}/ImageSets/Main/train.txt": "000001\n",
        f"{root}/Annotations/000001.xml": "<annotation>"
        f"<object><name>Nan's</name>{box}</object></annotation>",
        **pictures(f"{root}/JPEGImages/000001.jpg"),
    }


def concadia() -> Files:
    names = ("description", "caption", "context")
    texts = {name: {"raw": f"The {name} of a bridge.", "tokens": []} for name in names}
    return {
        "concadia/wiki_split.json": {
            "images": [{"filename": f"10{n}.jpg", "split": "train", **texts} for n in range(10)]
        },
        **pictures(*(f"concadia/resized/10{n}.jpg" for n in range(10))),
    }


def wit() -> Files:
    columns = ["language", "image_url", "mime_type", "context_page_description"]
    rows = [
        ["en", "http://example.org/a/A_%28b%29.jpg", "image/jpeg", "Mt. A. is a hill. It is high."],
        ["de", "http://example.org/c.jpg", "image/jpeg", "C ist ein Berg."],
    ]
    table = gzipped("".join("\t".join(row) + "\n" for row in [columns, *rows]))
    parts = ("train.all-00000-of-00010", "train.all-00001-of-00010", "val.all-00000-of-00005")
    return {
        **{f"wit/wit_v1.{part}.tsv.gz": table for part in parts},
        **pictures("wit/images/A_%28b%29.jpg"),
    }


def semart() -> Files:
    header = "IMAGE_FILE\tDESCRIPTION\tAUTHOR\tTITLE\tTECHNIQUE\tDATE\tTYPE\tSCHOOL\tTIMEFRAME"
    line = "1.jpg\tA caf\u00e9 &amp; a dog.\tX\tY\tOil on wood, 2 x 3 cm\t1610\tgenre\tDutch\t1601-1650"
    return {
        "semart/SemArt/semart_train.csv": f"{header}\r\n{line}\r\n".encode("cp1252"),
        **pictures("semart/SemArt/Images/1.jpg"),
    }


def wikiart() -> Files:
    first, second = (
        "Post_Impressionism/ann-a_still-life-1911(1).jpg",
        "Art_Nouveau_Modern/gr\u00e3\u00a9goire-b_x.jpg",
    )
    root = "wikiart_archive/wikiart_csv"
    return {
        f"{root}/style_train.csv": f"{first},5\r\n{second},1\r\n",
        f"{root}/style_class.txt": "1 Art_Nouveau\n5 Post_Impressionism\n",
        f"{root}/genre_train.csv": f"{first},9\r\n",
        f"{root}/genre_class.txt": "9 still_life\n",
        f"{root}/artist_val.csv": f"{first},2\r\n",
        f"{root}/artist_class.txt": "2 Ann_A\n",
        **pictures(
            f"wikiart_archive/wikiart/{first}",
            "wikiart_archive/wikiart/Art_Nouveau_Modern/gr\u00e9goire-b_x.jpg",
        ),
    }


def visdial() -> Files:
    turns = [{"question": n, "answer": n, "gt_index": 0, "answer_options": [0]} for n in range(10)]
    data = {
        "questions": [f"is it {n}" for n in range(10)],
        "answers": [f"yes, {n} " for n in range(10)],
        "dialogs": [
            {"image_id": 3001, "caption": "x", "dialog": turns},
            {"image_id": 3002, "caption": "x", "dialog": turns},
        ],
    }
    return {
        "visdial/visdial_1.0_train.json": {"version": "1.0", "split": "train", "data": data},
        **pictures(
            "coco2014/train2014/COCO_train2014_000000003001.jpg",
            "coco2014/val2014/COCO_val2014_000000003002.jpg",
        ),
    }


def memecap() -> Files:
    record = {
        "post_id": "ab1",
        "title": "Mondays",
        "img_fname": "memes_ab1.png",
        "img_captions": ["A cat stares."],
        "meme_captions": [" The author hates Mondays. ", "Mondays are hard."],
    }
    return {"memecap/memes-trainval.json": [record], **pictures("memecap/memes/memes_ab1.png")}


def wikihow() -> Files:
    steps = [
        {"headline": f"Do {n}.", "description": "", "img": None if n == 1 else f"method_0_step_{n}.jpg"}
        for n in range(4)
    ]
    root = "wikihow/data/12_Tie-a-Knot"
    return {
        f"{root}/wikihow.json": {"methods": [{"name": "Tying it", "steps": steps}]},
        "wikihow/data/13_Rest/wikihow.json": {},
        "wikihow/wikihow_split.json": {"train": ["12_Tie-a-Knot"], "val": ["13_Rest"], "test": []},
        **pictures(*(f"{root}/image/method_0_step_{n}.jpg" for n in (0, 2, 3))),
    }


def vizwiz_quality() -> Files:
    record = {
        "image": "VizWiz_train_00000000.jpg",
        "flaws": {"FRM": 1, "BLR": 4, "NON": 0},
        "unrecognizable": 1,
    }
    return {
        "vizwiz_quality/train.json": [record],
        **pictures("vizwiz_images/train/VizWiz_train_00000000.jpg"),
    }


def spot_the_diff() -> Files:
    root = "spot_the_diff/data"
    return {
        f"{root}/annotations/train.json": [
            {"img_id": "5", "sentences": ["the car is gone", "", "a man came"]}
        ],
        **pictures(f"{root}/resized_images/5.png", f"{root}/resized_images/5_2.png"),
    }


def recipeqa() -> Files:
    names = [f"pie_{n}_0.jpg" for n in range(4)]
    record = {"task": "visual_coherence", "qid": "1", "choice_list": names, "answer": 2, "question": []}
    return {
        "recipeqa/train.json": {"version": 1, "data": [record, {"task": "textual_cloze", "qid": "2"}]},
        **pictures(*(f"recipeqa/images-qa/train/images-qa/{name}" for name in names)),
    }


def crisismmd() -> Files:
    cells = {
        "tweet_id": "1",
        "image_id": "1_0",
        "text_info": "informative",
        "image_info": "not_informative",
        "text_human": "rescue_volunteering_or_donation_effort",
        "image_human": "not_humanitarian",
        "image_damage": "mild_damage",
        "tweet_text": 'Stay safe &amp; \u00e2\u20ac\u02dcdry "',  # UTF-8 taken for cp1252
        "image_path": "data_image/flood/1_9_2017/1_0.jpg",
    }
    root = "crisismmd/CrisisMMD_v2.0"
    return {
        f"{root}/annotations/flood_final_data.tsv": "\t".join(cells)
        + "\n"
        + "\t".join(cells.values())
        + "\n",
        **pictures(f"{root}/{cells['image_path']}"),
    }


def memotion() -> Files:
    root = "memotion/memotion_dataset_7k"
    return {
        f"{root}/labels.csv": ",image_name,text_ocr,text_corrected,humour\n"
        "0,image_1.JPG,WHEN YOU,When you,funny\n",
        **pictures(f"{root}/images/image_1.JPG"),
    }


def mocheg() -> Files:
    outline = "<p>This is false. A dam was built in 1950. It still stands.</p>"
    return {
        "mocheg/mocheg/train/Corpus2.csv": "claim_id,Claim,cleaned_truthfulness,ruling_outline,evidence_id\n"
        f'7,"The dam, they say, fell.",refuted,"{outline}",1\n7,"The dam, they say, fell.",refuted,"x",2\n'
        '8,"The dam is old.",supported,"<p>This is true.</p>",3\n',
        **pictures(
            "mocheg/mocheg/train/images/00007-proof-01-dam, old.jpg",
            "mocheg/mocheg/train/images/00007-proof-02-dam.jpg",
            "mocheg/mocheg/train/images/00008-proof-01-dam.jpg",
        ),
    }


def winoground() -> Files:
    record = {
        "id": 3,
        "image_0": "ex_3_img_0",
        "image_1": "ex_3_img_1",
        "caption_0": "a cup on a box",
        "caption_1": "a box on a cup",
    }
    return {
        "winoground/examples.jsonl": json_lines(record),
        **pictures("winoground/images/ex_3_img_0.png", "winoground/images/ex_3_img_1.png"),
    }


def raven() -> Files:
    import numpy as np

    with io.BytesIO() as data:
        np.savez(data, image=np.arange(16 * 64, dtype=np.uint8).reshape(16, 8, 8), target=np.int64(3))
        puzzle = data.getvalue()
    return {"raven/RAVEN-10000/center_single/RAVEN_0_train.npz": puzzle}


def ocr_vqa() -> Files:
    record = {
        "imageURL": "http://example.org/x1.jpg",
        "questions": ["Who wrote this book?", "What is the genre?"],
        "answers": ["A. Nobody", "Travel"],
        "split": 1,
    }
    drawn = {**record, "imageURL": "http://example.org/x2.gif"}
    return {
        "ocr_vqa/dataset.json": {"012345678X": record, "0123456789": drawn},
        **pictures("ocr_vqa/images/012345678X.jpg", "ocr_vqa/images/0123456789.jpg"),
    }


def stvqa() -> Files:
    record = {
        "question_id": 1,
        "question": "what is on the sign",
        "answers": ["open"],
        "file_path": "coco-text/COCO_train2014_1.jpg",
    }
    return {
        "stvqa/train_task_3.json": {"data": [record]},
        **pictures("stvqa/train_imgs/coco-text/COCO_train2014_1.jpg"),
    }


TREES: Trees = {
    f.__name__: f
    for f in (
        funsd, ctw1500, total_text, cova, flickr_logos_27, food_logo_det, concadia, wit, semart, wikiart,
        visdial, memecap, wikihow, vizwiz_quality, spot_the_diff, recipeqa, crisismmd, memotion, mocheg,
        winoground, raven, ocr_vqa, stvqa,
    )
}  # fmt: skip
