"""Sources whose rows are pictures with labels."""

from pathlib import Path

from tests.tasks.files import cells, mat, structs
from tests.tasks.tree import Files, Trees, pictures

CHECKED_IN = Path(__file__).parent / "raw"


def dtd() -> Files:
    return {
        "dtd/dtd/labels/labels_joint_anno.txt": "banded/banded_0002.jpg banded lined \n"
        "woven/woven_0001.jpg woven \n",
        **pictures("dtd/dtd/images/banded/banded_0002.jpg", "dtd/dtd/images/woven/woven_0001.jpg"),
    }


def eurosat() -> Files:
    names = ("AnnualCrop", "Forest", "Highway", "River", "PermanentCrop", "SeaLake", "Industrial")
    return pictures(*(f"eurosat/2750/{name}/{name}_1.jpg" for name in names))


def core50() -> Files:
    root = "core50/core50_128x128"
    return pictures(
        f"{root}/s1/o1/C_01_01_000.png", f"{root}/s1/o11/C_01_11_000.png", f"{root}/s11/o50/C_11_50_299.png"
    )


def cub() -> Files:
    root = "cub/CUB_200_2011"
    paths = ("001.Black_footed_Albatross/B_1.jpg", "067.Anna_Hummingbird/L_1.jpg")
    return {
        f"{root}/images.txt": "".join(f"{n} {path}\n" for n, path in enumerate(paths, 1)),
        f"{root}/classes.txt": "1 001.Black_footed_Albatross\n2 067.Anna_Hummingbird\n",
        f"{root}/image_class_labels.txt": "1 1\n2 2\n",
        f"{root}/train_test_split.txt": "1 1\n2 0\n",
        **pictures(*(f"{root}/images/{path}" for path in paths)),
    }


def caltech101() -> Files:
    names = (
        "garfield",
        "hedgehog",
        "accordion",
        "bass",
        "Leopards",
        "Faces_easy",
        "airplanes",
        "car_side",
        "binocular",
        "water_lilly",
        "BACKGROUND_Google",
    )
    return pictures(*(f"caltech101/101_ObjectCategories/{name}/image_0001.jpg" for name in names))


def caltech256() -> Files:
    root = "caltech256/256_ObjectCategories"
    return {
        f"{root}/198.spider/RENAME2": "#!/bin/sh\n",
        **pictures(
            *(f"{root}/{path}.jpg" for path in ("043.coin/043_0068", "253.faces-easy-101/253_0001")),
            *(f"{root}/{path}.jpg" for path in ("190.self-propelled-lawn-mower/1", "225.tower-pisa/1")),
            *(
                f"{root}/{path}.jpg"
                for path in ("145.motorbikes-101/1", "217.tennis-shoes/1", "232.t-shirt/1")
            ),
            *(f"{root}/{path}.jpg" for path in ("249.yo-yo/249_0001", "056.dog/056_0001")),
            *(f"{root}/{path}.jpg" for path in ("056.dog/greg/056_0001", "198.spider/198_0001")),
        ),
    }


def deepweeds() -> Files:
    names = ("20170811-124834-1.jpg", "20170811-124834-2.jpg")
    return {
        "deepweeds/labels/labels.csv": "Filename,Label,Species\n"
        f"{names[0]},7,Snake weed\n{names[1]},8,Negative\n",
        **pictures(*(f"deepweeds/images/{name}" for name in names)),
    }


def fgvc_aircraft() -> Files:
    root = "fgvc_aircraft/fgvc-aircraft-2013b/data"
    names = {"manufacturer": "Boeing", "family": "Boeing 737", "variant": "737-800"}
    return {
        **{f"{root}/images_{level}_train.txt": f"0034309 {name}\n" for level, name in names.items()},
        **pictures(f"{root}/images/0034309.jpg"),
    }


def gtsrb() -> Files:
    root = "gtsrb/GTSRB/Final_Training/Images"
    header = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\n"
    tables = {
        f"{root}/{n:05d}/GT-{n:05d}.csv": f"{header}00000_00000.ppm;8;8;1;1;6;6;{n}\n" for n in range(11)
    }
    return {**tables, **pictures(*(f"{root}/{n:05d}/00000_00000.ppm" for n in range(11)))}


def mvtec_ad() -> Files:
    root = "mvtec_ad/mvtec_anomaly_detection"
    nut = ("train/good/000", "test/good/000", "test/bent/000", "ground_truth/bent/000_mask")
    cable = ("test/combined/000", "test/cut_inner_insulation/000", "test/poke_insulation/000")
    parts = (*(f"metal_nut/{part}" for part in nut), *(f"cable/{part}" for part in cable))
    return pictures(*(f"{root}/{part}.png" for part in parts))


def nabirds() -> Files:
    root = "nabirds/nabirds"
    return {
        f"{root}/images.txt": "0000139e-21dc 0817/0000139e21dc.jpg\n",
        f"{root}/classes.txt": "817 Common Eider (Adult male)\n",
        f"{root}/image_class_labels.txt": "0000139e-21dc 817\n",
        f"{root}/train_test_split.txt": "0000139e-21dc 1\n",
        f"{root}/parts/parts.txt": "0 bill\n1 crown\n3 left eye\n",
        f"{root}/parts/part_locs.txt": "0000139e-21dc 0 5 6 1\n0000139e-21dc 1 0 0 0\n"
        "0000139e-21dc 3 2 2 1\n",
        **pictures(f"{root}/images/0817/0000139e21dc.jpg"),
    }


def voc2007() -> Files:
    root = "voc2007/VOCdevkit/VOC2007"
    box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>4</xmax><ymax>4</ymax></bndbox>"
    part = f"<part><name>head</name>{box}</part>"
    xml = (
        "<annotation><owner><name>nobody</name></owner>"
        f"<object><name>person</name>{box}{part}<difficult>1</difficult></object>"
        f"<object><name>chair</name>{box}</object><object><name>diningtable</name>{box}</object></annotation>"
    )
    return {
        f"{root}/ImageSets/Main/train.txt": "000012\n",
        f"{root}/Annotations/000012.xml": xml,
        **pictures(f"{root}/JPEGImages/000012.jpg"),
    }


def stl10() -> Files:
    root = "stl10/stl10_binary"
    classes = ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck")
    return {
        f"{root}/class_names.txt": "\n".join(classes),
        f"{root}/train_X.bin": bytes(range(256)) * 108 + b"\7" * 27648,
        f"{root}/train_y.bin": bytes([3, 10]),
    }


def set5() -> Files:
    return pictures("set5/Set5_HR/bird.png", "set5/Set5_LR_x2/bird.png", "set5/Set5_HR/head.png")


def stanford_cars() -> Files:
    records = structs({"class": 1, "fname": "00001.jpg"}, {"class": 2, "fname": "00002.jpg"})
    return {
        "stanford_cars/devkit/cars_meta.mat": mat(
            class_names=cells("AM General Hummer SUV 2000", "Audi A5 2012")
        ),
        "stanford_cars/devkit/cars_train_annos.mat": mat(annotations=records),
        **pictures("stanford_cars/cars_train/00001.jpg", "stanford_cars/cars_train/00002.jpg"),
    }


def stanford_dogs() -> Files:
    names = (
        "n02091032-Italian_greyhound/n02091032_135.jpg",
        "n02099267-flat-coated_retriever/n02099267_1.jpg",
    )
    return {
        "stanford_dogs/train_list.mat": mat(file_list=cells(*names)),
        **pictures(*(f"stanford_dogs/Images/{name}" for name in names)),
    }


def tu_berlin_sketch() -> Files:
    root = "tu_berlin_sketch/png"
    return pictures(f"{root}/cow/4801.png", f"{root}/airplane/1.png", f"{root}/brain/2881.png")


def ayahoo() -> Files:
    return pictures("ayahoo/ayahoo_test_images/building_759.jpg", "ayahoo/ayahoo_test_images/bag_5.jpg")


def inaturalist() -> Files:
    path = "train_mini/00000_Animalia_x/0a1b-2c3d.jpg"
    category = {
        "id": 0, "name": "Lumbricus terrestris", "common_name": "Common Earthworm",
        "supercategory": "Animalia", "kingdom": "Animalia", "phylum": "Annelida", "class": "Clitellata",
        "order": "Haplotaxida", "family": "Lumbricidae", "genus": "Lumbricus",
    }  # fmt: skip
    return {
        "inaturalist/train_mini.json": {
            "images": [{"id": 5, "file_name": path, "width": 8, "height": 8}],
            "categories": [category],
            "annotations": [{"id": 5, "image_id": 5, "category_id": 0}],
        },
        **pictures(f"inaturalist/{path}"),
    }


TREES: Trees = {
    f.__name__: f
    for f in (
        dtd, eurosat, core50, cub, caltech101, caltech256, deepweeds, fgvc_aircraft, gtsrb, mvtec_ad, nabirds,
        voc2007, stl10, set5, stanford_cars, stanford_dogs, tu_berlin_sketch, ayahoo, inaturalist,
    )
}  # fmt: skip
