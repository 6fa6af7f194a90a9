"""LSUN: millions of pictures of ten kinds of scenes."""

from vf_ray.instances.shapes import choose
from vf_ray.sources.lmdb_images import lmdb_images
from vf_ray.sources.rows import LabelRow
from vf_ray.text import words
from vf_ray.types import Download, Made, Raw, Source, Terms

SCENES = (
    "bedroom", "bridge", "church_outdoor", "classroom", "conference_room", "dining_room", "kitchen",
    "living_room", "restaurant", "tower",
)  # fmt: skip
SPOKEN = {"church_outdoor": "church from outside"}

SERVER = "http://dl.yf.io/lsun/scenes"
DATABASES = (
    ("bedroom_train", 45_922_737_680, "a15644c2e7153106867f0adb3491fc41224102d1f01b24494fb47d9f5d1f174e"),
    ("bedroom_val", 4_670_661, "5d022e781b241c25ec2e1f1f769afcdb8091d7fd58362667aec03137b8114b12"),
    ("bridge_train", 16_478_644_518, "2701b2d421bbc4d8a5e9b0652ff7c3b57cd6495da8e0e85c39533275b5a925a3"),
    ("bridge_val", 6_176_834, "83216a2974d6068c2e1d18086006e7380ff58540216f955ce87fe049b460cb0d"),
    (
        "church_outdoor_train",
        2_448_463_466,
        "91128ae026840ac0c5982b4445ab5fc4e092d6847cca76793b2b1a0815c2e74a",
    ),
    ("church_outdoor_val", 5_957_308, "34635b7547a3e51a15f942a4a4082dd6bc9cca381a953515cb2275c0eed50584"),
    ("classroom_train", 3_279_497_022, "73a8a3e318819e1cc602f229673c3f51a68f3ece61e3764ce22df6abea4d0873"),
    ("classroom_val", 5_880_261, "5e0e9a375d94091dfe1fa3be87d4a92f41c03f1c0b8e376acc7e05651de512d7"),
    (
        "conference_room_train",
        4_048_461_633,
        "fa0a4cf72e7acfb103392eaf33640d5508a728e971f31877b01d64e1bde6068c",
    ),
    ("conference_room_val", 5_316_084, "927c94df52e10b9b374748c2b83b28b5860e946b3186dfd587985e274834650f"),
    ("dining_room_train", 11_592_966_936, "e4ee24c7c309360c3bf019123ce5bbf17434b2ba33abec2b0b07cfae715a52cb"),
    ("dining_room_val", 5_301_030, "bd604d4b91bb5a9611d4e0b85475efd20758390d1a4eb57b53973fcbb5aa8ab6"),
    ("kitchen_train", 35_791_384_987, "b1993cf639aece5d207a27eb9ff872bcca9dff6472d8227a052c79d40ee753c4"),
    ("kitchen_val", 4_867_891, "329165f35ec61c4cf49f809246de300b8baad3ffcbda1ac30c27bdd32c84369a"),
    ("living_room_train", 22_792_405_188, "bd2c52b812c80f73ce3062a221396d13a52b5cce2f813b4cdf61937651281d7a"),
    ("living_room_val", 5_167_755, "30a23d9a3db5414e9c97865f60ffb2ee973bfa658a23dbca7188ea514c97c9fc"),
    ("restaurant_train", 13_489_345_463, "11a0a924b960cd0900e9b7477d684fb338bd99cc5f72db1caac592e4f497e09a"),
    ("restaurant_val", 6_232_385, "efaa7bcb898ad6cb73b07b89fec3a9c670f4622912eea22fab3986c2cf9a1c20"),
    ("tower_train", 12_010_237_081, "440caec74c9641cb51fd235a5970c8e4931c3af875aeb044a8bcca956e106309"),
    ("tower_val", 5_223_709, "7f5257847bc01f4e40d4a1b3e24dd8fcd37063f12ca8cf31e726c2ee0b1ae104"),
)
"""Bytes and SHA-256 of each zip; addresses of fyu/lsun's download.py, the rest of url_checksums/lsun.txt of
tensorflow/datasets."""

LSUN = Source(
    name="lsun",
    title="LSUN scenes",
    url="https://github.com/fyu/lsun",
    terms=Terms(faces="unknown"),
    raws=(
        Raw(
            name="lsun",
            obtain="Fetch the scene databases with the script of github.com/fyu/lsun and unzip them here "
            "(bedroom_train_lmdb/ ...)",
            files=tuple(
                Download(f"{SERVER}/{name}_lmdb.zip", f"sha256:{digest}", size, unpack=True)
                for name, size, digest in DATABASES
            ),
        ),
    ),
    read=lmdb_images("{label}_{split}_lmdb", SCENES, {"train": "train", "val": "val"}),
)


def _spoken(scene: str) -> str:
    return SPOKEN.get(scene, words(scene))


@LSUN.task(
    "scene",
    upstream="LSUN+Image_Classification",
    group="classification",
    category="Scene Classification",
    instruction="Which place is this? Answer with the letter and the name.",
    evidence="all ten scenes are listed; the published sample lists nine",
)
def scene(row: LabelRow) -> Made:
    """The database's name among all ten."""
    return choose(row.image, _spoken(row.label), tuple(map(_spoken, SCENES)))
