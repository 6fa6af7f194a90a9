"""Miniature raw trees of known classes seen otherwise: drawn, blurred, rendered, in another room."""

from tests.tasks.tree import Files, Trees, pictures
from vf_ray.sources.imagenet_words import imagenet_words


def pacs() -> Files:
    domains = {"art_painting": "jpg", "cartoon": "jpg", "photo": "jpg", "sketch": "png"}
    things = ("dog", "elephant", "giraffe", "guitar", "horse", "house", "person")
    return pictures(*(f"pacs/kfold/{d}/{t}/pic_001.{e}" for d, e in domains.items() for t in things))


def mnist_m() -> Files:
    root = "mnist_m/mnist_m/mnist_m"
    return {
        f"{root}_train_labels.txt": "00000000.png 5\n00000001.png 0\n",
        f"{root}_test_labels.txt": "00000000.png 7\n",
        **pictures(f"{root}_train/00000000.png", f"{root}_train/00000001.png", f"{root}_test/00000000.png"),
    }


def cinic10() -> Files:
    names = {"train": ("airplane", "bird", "automobile"), "valid": ("cat",)}
    return pictures(*(f"cinic10/{s}/{n}/n01_1.png" for s, found in names.items() for n in found))


def domainnet() -> Files:
    domains = ("clipart", "infograph", "painting", "quickdraw", "real", "sketch")
    things = ("The_Eiffel_Tower", "aircraft_carrier", "flip_flops", "grass", "scissors", "t-shirt")
    paths = {d: [f"{d}/{thing}/{d}_297_000001.jpg" for thing in things] for d in domains}
    return {
        **{f"domainnet/{d}_train.txt": "".join(f"{p} 296\n" for p in paths[d]) for d in domains},
        **pictures(*(f"domainnet/{path}" for d in domains for path in paths[d])),
    }


def imagenet_a() -> Files:
    found = [*sorted(imagenet_words())[:8], "n02783161", "n04355933"]
    return pictures(*(f"imagenet_a/imagenet-a/{wnid}/0.01_fish _ fish_0.9.jpg" for wnid in found))


def imagenet_r() -> Files:
    root = "imagenet_r/imagenet-r"
    return pictures(f"{root}/n01484850/misc_34.jpg", f"{root}/n01484850/videogame_1.jpg")


def imagenet_sketch() -> Files:
    wnids = ("n01443537", "n02841315", "n03594734", "n04515003", "n07714571")
    return pictures(*(f"imagenet_sketch/sketch/{wnid}/sketch_1.JPEG" for wnid in wnids))


def imagenet_c() -> Files:
    kinds = ("motion_blur", "snow", "gaussian_noise", "spatter", "pixelate")
    return pictures(*(f"imagenet_c/{kind}/3/n01443537/ILSVRC2012_val_00000001.JPEG" for kind in kinds))


def objectnet() -> Files:
    root = "objectnet/objectnet-1.0"
    return {
        f"{root}/mappings/folder_to_objectnet_label.json": {"cd_case": "CD/DVD case"},
        **pictures(f"{root}/images/cd_case/0a1b2c3d4e5f607.png"),
    }


def office_home() -> Files:
    root = "office_home/OfficeHomeDataset_10072016"
    return pictures(f"{root}/Real World/Alarm_Clock/00001.jpg", f"{root}/Art/TV/00001.jpg")


def office31() -> Files:
    return pictures(
        *(
            f"office31/{d}/images/{thing}/frame_0001.jpg"
            for d in ("amazon", "dslr", "webcam")
            for thing in ("letter_tray", "back_pack", "punchers")
        )
    )


def visda2017() -> Files:
    from vf_ray.tasks.visda2017 import CLASSES

    return {
        "visda2017/train/image_list.txt": "aeroplane/src_1_x__0_1_2.png 0\n",
        "visda2017/test/image_list.txt": "trunk00/0a1b.jpg\n",
        "visda2017/classification/data/image_list.txt": "trunk00/0a1b.jpg 10\n",
        **pictures(
            "visda2017/test/trunk00/0a1b.jpg",
            *(f"visda2017/train/{name}/src_1_x__0_1_2.png" for name in CLASSES),
            *(f"visda2017/validation/{name}/{name}_1.jpg" for name in CLASSES),
        ),
    }


def model_vs_human() -> Files:
    return pictures(
        "model_vs_human/power-equalisation/dnn/session-1/0001_pow_dnn_0_dog_10_n02106166_1.png",
        "model_vs_human/cue-conflict/airplane/airplane1-bicycle2.png",
    )


TREES: Trees = {
    f.__name__: f
    for f in (
        pacs, mnist_m, cinic10, domainnet, imagenet_a, imagenet_r, imagenet_sketch, imagenet_c, objectnet,
        office_home, office31, visda2017, model_vs_human,
    )
}  # fmt: skip
