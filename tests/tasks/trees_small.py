"""Sources of the recipe real-small, as packages of Linux and npm ship them."""

import gzip
import struct

from tests.tasks.tree import Files, Trees, picture, pictures


def _idx(*shape: int, data: bytes) -> bytes:
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape) + data


def _two_scans(labels: bytes) -> tuple[bytes, bytes]:
    return _idx(2, 4, 4, data=bytes(range(0, 160, 5))), _idx(2, data=labels)


def mnist() -> Files:
    scans, labels = _two_scans(b"\x07\x02")
    folder = "mnist/package/data"
    return {
        f"{folder}/train-images-idx3-ubyte": scans,
        f"{folder}/train-labels-idx1-ubyte": labels,
        f"{folder}/t10k-images-idx3-ubyte": scans,
        f"{folder}/t10k-labels-idx1-ubyte": labels,
    }


def fashion_mnist() -> Files:
    scans, labels = _two_scans(b"\x09\x00")
    folder = "fashion_mnist/usr/share/datasets/fashion-mnist"
    return {
        f"{folder}/train-images-idx3-ubyte.gz": gzip.compress(scans, mtime=0),
        f"{folder}/train-labels-idx1-ubyte.gz": gzip.compress(labels, mtime=0),
    }


def tuxpaint_stamps() -> Files:
    folder = "tuxpaint_stamps/usr/share/tuxpaint/stamps"
    return {
        f"{folder}/animals/birds/hen.png": picture(0, "png", "RGBA"),
        f"{folder}/animals/birds/hen.txt": "A hen on a lawn.\nde.utf8=Ein Huhn auf dem Rasen.\n",
        f"{folder}/space/rocket.png": picture(1, "png"),
        f"{folder}/space/rocket.txt": "A rocket.\n",
    }


def emoji() -> Files:
    def record(code: str, name: str | None, group: str, subgroup: str, drawn: bool = True) -> Files:
        return {
            "name": name, "short_name": "owl_face", "unified": code.upper(), "image": f"{code}.png",
            "category": group, "subcategory": subgroup, "has_img_google": drawn,
        }  # fmt: skip

    return {
        "emoji/package/emoji.json": [
            record("1f600", "GRINNING FACE", "Smileys & Emotion", "face-smiling"),
            record("1f989", None, "Animals & Nature", "animal-bird"),
            record("1f3fb", "LIGHT TONE", "Component", "skin-tone", drawn=False),
        ],
        **pictures("emoji/package/img/google/64/1f600.png", "emoji/package/img/google/64/1f989.png"),
    }


def country_flags() -> Files:
    return {
        "flag_icons/package/country.json": [
            {"code": "uu", "name": "Utopia", "capital": "Amaurot", "continent": "Oceania", "iso": True},
            {"code": "zz", "name": "League of all", "iso": False},
        ],
        **pictures("svg_country_flags/package/png250px/uu.png"),
    }


TREES: Trees = {
    "mnist": mnist,
    "fashion_mnist": fashion_mnist,
    "tuxpaint_stamps": tuxpaint_stamps,
    "emoji": emoji,
    "country_flags": country_flags,
}
