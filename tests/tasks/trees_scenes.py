"""Sources of scenes, crowds and faces."""

from pathlib import Path

from tests.tasks.files import cells, mat, structs
from tests.tasks.tree import Files, Trees, json_lines, pictures

CHECKED_IN = Path(__file__).parent / "raw"


def w300() -> Files:
    return {
        "w300/300W/01_Indoor/indoor_001.pts": "version: 1\nn_points: 68\n",
        **pictures("w300/300W/01_Indoor/indoor_001.png", "w300/300W/02_Outdoor/outdoor_001.png"),
    }


def aid() -> Files:
    return pictures("aid/AID/BareLand/bareland_1.jpg", "aid/AID/Airport/airport_78.jpg")


def cat2000() -> Files:
    root = "cat2000/trainSet/Stimuli/OutdoorManMade"
    return pictures(f"{root}/001.jpg", f"{root}/Output/001_SaliencyMap.jpg")


def dark_zurich() -> Files:
    times = ("day", "twilight", "night")
    return pictures(
        *(f"dark_zurich/rgb_anon/train/{t}/GOPR0345/GOPR0345_frame_000495_rgb_anon.png" for t in times),
        "dark_zurich/rgb_anon/val_ref/day/GOPR0356_ref/GOPR0356_frame_000321_ref_rgb_anon.png",
    )


def crowdhuman() -> Files:
    boxes = [
        {"tag": "person", "extra": {"box_id": 0, "occ": 0}},
        {"tag": "person", "extra": {"ignore": 1}},
        {"tag": "mask", "extra": {"ignore": 1}},
    ]
    return {
        "crowdhuman/annotation_train.odgt": json_lines({"ID": "27,98a", "gtboxes": boxes}),
        **pictures("crowdhuman/Images/27,98a.jpg"),
    }


def deepfashion() -> Files:
    return {
        "deepfashion/Anno_coarse/list_bbox.txt": "1\nimage_name  x_1 y_1 x_2 y_2\n",
        **pictures(
            *(
                f"deepfashion/Img/img_highres_subset/{cloth}/img_00000001.jpg"
                for cloth in (
                    "2-in-1_Space_Dye_Athletic_Tank",
                    "Abstract_Mirrored_Print_Dress",
                    "Acid_Wash_Jeans",
                )
            )
        ),
    }


def expw() -> Files:
    face = "{} {} 10 10 40 40 9.5 {}\n"
    return {
        "expw/label/label.lst": face.format("a_b_1.jpg", 0, 3)
        + face.format("a_b_2.jpg", 0, 3)
        + face.format("a_b_2.jpg", 1, 4),
        **pictures("expw/image/origin/a_b_1.jpg", "expw/image/origin/a_b_2.jpg"),
    }


def fairface() -> Files:
    return {
        "fairface/fairface_label_train.csv": "file,age,gender,race,service_test\n"
        "train/1.jpg,50-59,Male,Latino_Hispanic,True\n",
        "fairface/fairface_label_val.csv": "file,age,gender,race,service_test\n"
        "val/1.jpg,0-2,Female,East Asian,False\n",
        **pictures("fairface/train/1.jpg", "fairface/val/1.jpg"),
    }


def hico() -> Files:
    import numpy as np

    root = "hico/hico_20150920"
    names = {s: (f"HICO_{s}2015_00000001.jpg", f"HICO_{s}2015_00000002.jpg") for s in ("train", "test")}
    actions = structs(
        {"nname": "hair_drier", "vname": "hold", "vname_ing": "holding"},
        {"nname": "skis", "vname": "no_interaction", "vname_ing": "no_interaction"},
    )
    flags = np.array([[1.0, np.nan], [-1.0, 1.0]])
    return {
        f"{root}/anno.mat": mat(
            list_action=actions,
            list_train=cells(*names["train"]),
            list_test=cells(*names["test"]),
            anno_train=flags,
            anno_test=flags,
        ),
        **pictures(*(f"{root}/images/{s}2015/{name}" for s in names for name in names[s])),
    }


def jhu_crowd() -> Files:
    root = "jhu_crowd/jhu_crowd_v2.0/train"
    return {
        f"{root}/image_labels.txt": "0001,12,cocnert,0,0\n0002,0,Canada,2,1\n",
        **pictures(f"{root}/images/0001.jpg", f"{root}/images/0002.jpg"),
    }


def lfw() -> Files:
    names = ("Ann_van_Nobody", "Carl_E_Nobody")
    return pictures(*(f"lfw/lfw/{name}/{name}_0001.jpg" for name in names))


def lsun() -> Files:
    databases = {name: (CHECKED_IN / "lsun" / f"{name}.mdb").read_bytes() for name in ("bedroom", "tower")}
    return {f"lsun/{name}_train_lmdb/data.mdb": data for name, data in databases.items()}


def nus_wide() -> Files:
    return {
        "nus_wide/ImageList/TrainImagelist.txt": "actor\\0001_2124494179.jpg\n"
        "C:\\ImageData\\Flickr\\cat\\0002_1.jpg\n",
        "nus_wide/Groundtruth/TrainTestLabels/Labels_animal_Train.txt": "0\n1\n",
        **pictures("nus_wide/Flickr/actor/0001_2124494179.jpg", "nus_wide/Flickr/cat/0002_1.jpg"),
    }


def places205() -> Files:
    root = "places205/data/vision/torralba/deeplearning/images256"
    return {
        "places205/trainvalsplit_places205/train_places205.csv": "a/abbey/gsun_x.jpg 0\n"
        "b/bar/in/gsun_y.jpg 1\n",
        "places205/IndoorOutdoor_places205.csv": "'/a/abbey',2\n'/b/bar/in',1\n",
        **pictures(f"{root}/a/abbey/gsun_x.jpg", f"{root}/b/bar/in/gsun_y.jpg"),
    }


def places365() -> Files:
    return {
        "places365/categories_places365.txt": "/a/airfield 0\n/a/apartment_building/outdoor 1\n",
        "places365/places365_train_standard.txt": "/a/airfield/00000001.jpg 0\n"
        "/a/apartment_building/outdoor/00000001.jpg 1\n",
        "places365/places365_val.txt": "Places365_val_00000001.jpg 1\n",
        **pictures(
            "places365/data_256/a/airfield/00000001.jpg",
            "places365/data_256/a/apartment_building/outdoor/00000001.jpg",
            "places365/val_256/Places365_val_00000001.jpg",
        ),
    }


def raf_db() -> Files:
    marks = "1.0\t2.0\n" * 5
    return {
        "raf_db/basic/EmoLabel/list_patition_label.txt": "train_00001.jpg 5\ntest_0001.jpg 7\n",
        "raf_db/basic/Annotation/manual/train_00001_manu_attri.txt": f"{marks}0\n2\n1\n",
        "raf_db/basic/Annotation/manual/test_0001_manu_attri.txt": f"{marks}2\n0\n4\n",
        **pictures(
            "raf_db/basic/Image/original/train_00001.jpg", "raf_db/basic/Image/original/test_0001.jpg"
        ),
    }


def road_anomaly() -> Files:
    root = "road_anomaly/RoadAnomaly_jpg"
    names = ["lost_tires08.jpg", "animals06_sheep_roads_lambs.jpg"]
    return {f"{root}/frame_list.json": names, **pictures(*(f"{root}/frames/{name}" for name in names))}


def yoga82() -> Files:
    path = "Boat_Pose_or_Paripurna_Navasana_/12.jpg"
    return {"yoga82/yoga_train.txt": f"{path},0,1,8\n", **pictures(f"yoga82/Images/{path}")}


def exdark() -> Files:
    return {
        "exdark/imageclasslist.txt": "Name | Class | Light | In/Out | Train/Val/Test\r\n"
        "2015_00001.png 1 2 1 1\r\n2015_00002.jpg 12 2 1 3\r\n2015_00003.png 11 2 1 1\r\n",
        **pictures(
            "exdark/ExDark/Bicycle/2015_00001.jpg",
            "exdark/ExDark/Table/2015_00002.JPG",
            "exdark/ExDark/People/2015_00003.jpg",
        ),
    }


TREES: Trees = {
    f.__name__: f
    for f in (
        w300, aid, cat2000, dark_zurich, crowdhuman, deepfashion, expw, fairface, hico, jhu_crowd, lfw, lsun,
        nus_wide, places205, places365, raf_db, road_anomaly, yoga82, exdark,
    )
}  # fmt: skip
