import gzip
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from tests.eval.test_judged import Grader
from tests.eval.test_mmbench import Oracle
from tests.eval.trees import tree
from vf_ray.eval.benchmarks.cf import CF, by_rule
from vf_ray.eval.image_sets import cifar10, cifar100, mini_imagenet, mnist

DIGITS = tuple(map(str, range(10)))
FINE = ("man", "woman", "can", "candle", "ray", "gray wolf", "pickup truck", "truck", "aquarium fish")


@pytest.mark.parametrize(
    ("answer", "labels", "said"),
    [
        ("The number in the image is 8:", DIGITS, "8"),
        ("8", DIGITS, "8"), ("eight", DIGITS, "8"), ("10", DIGITS, ""),
        ("0, 1, 2, 3, 4, 5, 6, 7, 8, 9", DIGITS, ""),
        ("8. It is an 8.", DIGITS, "8"), ("The airplane is 8.", DIGITS, "8"),
        ("A woman", FINE, "woman"), ("candle", FINE, "candle"),
        ("a gray wolf", FINE, "gray wolf"), ("gray", FINE, ""),
        ("Pickup_truck", FINE, "pickup truck"),
        ("a pickup truck, a truck", FINE, ""), ("a picture of a fish", FINE, ""),
    ],
)  # fmt: skip
def test_the_rule_takes_whole_words_and_one_label_only(
    answer: str, labels: tuple[str, ...], said: str
) -> None:
    assert by_rule(answer, labels) == said


def write_mnist(root: Path, n: int = 20, packed: bool = False) -> None:
    pixels = struct.pack(">IIII", 0x803, n, 28, 28) + bytes(n * 784)
    labels = struct.pack(">II", 0x801, n) + bytes(k % 10 for k in range(n))
    for name, data in (("t10k-images-idx3-ubyte", pixels), ("t10k-labels-idx1-ubyte", labels)):
        if packed:
            (root / f"{name}.gz").write_bytes(gzip.compress(data))
        else:
            (root / name).write_bytes(data)


def write_cifar10(root: Path, batch: object) -> None:
    folder = root / "cifar-10-batches-py"
    folder.mkdir()
    (folder / "test_batch").write_bytes(pickle.dumps(batch, protocol=2))
    (folder / "batches.meta").write_bytes(pickle.dumps({b"label_names": [b"airplane", b"automobile"]}))


PIXELS = np.arange(2 * 3072).reshape(2, 3072).astype(np.uint8)


@pytest.mark.parametrize("packed", [False, True])
def test_mnist_is_read_plain_or_gzipped(tmp_path: Path, packed: bool) -> None:
    write_mnist(tmp_path, packed=packed)
    made = mnist(tree(tmp_path))
    assert made is not None
    assert [image.label for image in made.images[:12]] == [*DIGITS, "0", "1"]
    assert made.images[3].image().startswith(b"P5\n28 28\n255\n")


def test_cifar_is_read_from_both_versions(tmp_path: Path) -> None:
    write_cifar10(tmp_path, {b"data": PIXELS, b"labels": [1, 0]})
    made = cifar10(tree(tmp_path))
    assert made is not None
    assert [image.label for image in made.images] == ["automobile", "airplane"]
    header, image = b"P6\n32 32\n255\n", made.images[0].image()
    assert image == header + PIXELS[0].reshape(3, 32, 32).transpose(1, 2, 0).tobytes()
    binary = tmp_path / "binary" / "cifar-10-batches-bin"
    binary.mkdir(parents=True)
    (binary / "test_batch.bin").write_bytes(b"\1" + PIXELS[0].tobytes() + b"\0" + PIXELS[1].tobytes())
    (binary / "batches.meta.txt").write_text("airplane\nautomobile\n\n")
    same = cifar10(tree(tmp_path / "binary"))
    assert same is not None
    assert [p.image() for p in same.images] == [p.image() for p in made.images]


def test_cifar100_takes_fine_labels(tmp_path: Path) -> None:
    (tmp_path / "cifar-100-python").mkdir()
    batch = {b"data": PIXELS, b"fine_labels": [1, 0], b"coarse_labels": [0, 0]}
    (tmp_path / "cifar-100-python" / "test").write_bytes(pickle.dumps(batch))
    meta = {b"fine_label_names": [b"aquarium_fish", b"maple_tree"], b"coarse_label_names": [b"x"]}
    (tmp_path / "cifar-100-python" / "meta").write_bytes(pickle.dumps(meta))
    made = cifar100(tree(tmp_path))
    assert made is not None
    assert made.images[0].label == "maple_tree"
    assert "aquarium fish, maple tree." in CF.load(tree(tmp_path)).questions[0].prompt


def test_a_batch_that_would_run_code_is_refused(tmp_path: Path) -> None:
    write_cifar10(tmp_path, {b"data": len, b"labels": [1, 0]})
    with pytest.raises(ValueError, match=r"asks for (builtins|__builtin__)\.len"):
        cifar10(tree(tmp_path))


def test_mini_imagenet_takes_folders_or_the_published_split(tmp_path: Path) -> None:
    for folder in ("n01", "n02"):
        (tmp_path / "miniImageNet" / folder).mkdir(parents=True)
        (tmp_path / "miniImageNet" / folder / "a.jpg").write_bytes(b"jpg")
    names = tmp_path / "miniImageNet" / "class_names.json"
    names.write_text('{"n01": "house finch"}')
    with pytest.raises(ValueError, match=r"the classes n02 .* add miniImageNet/class_names.json"):
        mini_imagenet(tree(tmp_path))
    names.write_text('{"n01": "house finch", "n02": "arctic fox"}')
    made = mini_imagenet(tree(tmp_path))
    assert made is not None
    assert made.labels == ("arctic fox", "house finch")
    (tmp_path / "miniImageNet" / "images").mkdir()
    (tmp_path / "miniImageNet" / "images" / "x.jpg").write_bytes(b"split")
    (tmp_path / "miniImageNet" / "test.csv").write_text("filename,label\nx.jpg,n01\n")
    made = mini_imagenet(tree(tmp_path))
    assert made is not None
    assert [image.image() for image in made.images] == [b"split"]


def test_wordnet_numbers_are_asked_by_imagenets_names(tmp_path: Path) -> None:
    for folder in ("n01532829", "n02129165"):
        (tmp_path / "miniImageNet" / folder).mkdir(parents=True)
        (tmp_path / "miniImageNet" / folder / "a.JPEG").write_bytes(b"jpg")
    (question, _) = CF.load(tree(tmp_path)).questions
    assert question.meta.labels == ("house finch", "lion")
    assert "house finch, lion" in question.prompt


@pytest.mark.parametrize("damage", [b"\x1f\x8bnonsense", b"", b"no gzip at all"])
def test_a_damaged_gzip_is_named(tmp_path: Path, damage: bytes) -> None:
    write_mnist(tmp_path)
    labels = tmp_path / "t10k-labels-idx1-ubyte"
    labels.unlink(missing_ok=True)
    labels.with_suffix(".gz").write_bytes(damage)
    with pytest.raises(ValueError, match="t10k-labels-idx1-ubyte"):
        CF.load(tree(tmp_path))


def test_without_a_judge_every_item_is_counted_as_ruled(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    write_cifar10(tmp_path, {b"data": PIXELS, b"labels": [1, 0]})
    question_set = CF.load(tree(tmp_path))
    answers = {q.id: q.gold if q.category == "mnist" else "airplane" for q in question_set.questions}
    found = CF.score(question_set, answers, None)
    assert found.headline["mnist %"].value == 100
    assert found.headline["cifar-10 %"].value == 50
    assert found.headline["mean accuracy %"].value == 75  # plain mean of sets, whatever their sizes
    assert found.counts["fallback"] == found.counts["questions"] == 22
    assert "without cifar-100, miniimagenet" in found.notes[3]


def test_the_judge_decides_and_its_silence_is_counted(tmp_path: Path) -> None:
    write_mnist(tmp_path, n=3)
    question_set = CF.load(tree(tmp_path))
    judge = Oracle("Yes, it is.")
    found = CF.score(question_set, {q.id: "wrong" for q in question_set.questions[:2]}, judge)
    assert found.headline["mnist %"].value == pytest.approx(200 / 3)
    assert found.counts["judged"] == 2
    assert (found.counts["missing"], found.counts["fallback"]) == (1, 0)
    assert judge.asked[0].user.endswith("Label: 0, Prediction: wrong")
    answers = {q.id: q.gold for q in question_set.questions}
    doubtful = CF.score(question_set, answers, Grader(lambda r: "no" if r.id == "mnist/0" else "perhaps"))
    assert (doubtful.counts["judged"], doubtful.counts["fallback"]) == (1, 2)
    assert doubtful.headline["mnist %"].value == pytest.approx(200 / 3)
    assert str(doubtful.unusable["replies"]).startswith("2 of 3 not usable: replies without a verdict")


def test_an_empty_folder_says_what_it_could_hold(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="cifar-10-batches-py"):
        CF.load(tree(tmp_path))
