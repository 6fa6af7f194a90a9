"""Places365: photographs of 365 kinds of places."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice

from vf_ray.raw.tree import existing
from vf_ray.sources.list_file import by_first_word, lines, list_file
from vf_ray.sources.records import At
from vf_ray.sources.rows import LabelRow
from vf_ray.text import words
from vf_ray.types import Download, Example, Made, Raw, Reject, Source, Terms, Tree

LISTS = {"train": "places365_train_standard.txt", "val": "places365_val.txt"}
FOLDERS = {"train": ("data_256", "data_large"), "val": ("val_256", "val_large")}
"""Of the small edition and of the large one."""
PROBES = 100
PARTS = ("door", "platform", "shop")
"""What comes after the place: all other second words say of what sort it is."""
USUAL = {
    "archaelogical_excavation": "archaeological excavation", "carrousel": "carousel",
    "fastfood_restaurant": "fast-food restaurant", "japanese_garden": "Japanese garden",
    "mountain_snowy": "snowy mountain", "oilrig": "oil rig",
    "artists_loft": "artist's loft", "arena/performance": "performance arena", "barndoor": "barn door",
    "berth": "sleeping berth", "childs_room": "child's room", "desert/vegetation": "desert with vegetation",
    "kindergarden_classroom": "kindergarten classroom", "moat/water": "moat", "temple/asia": "Asian temple",
    "theater/indoor_procenium": "proscenium theater", "theater/indoor_seats": "theater seats",
    "underwater/ocean_deep": "deep ocean", "underwater/coral_reef": "underwater coral reef",
    "veterinarians_office": "veterinarian's office",
}  # fmt: skip
"""Classes that are not named as a person would name the place."""


def _classes(tree: Tree) -> Mapping[str, str]:
    """Return class number -> name."""
    numbers = by_first_word(tree, "categories_places365.txt")
    return {number: spoken(path[len("/a/") :]) for path, number in numbers.items()}


def spoken(name: str) -> str:
    """Return a class as words: ``apartment_building/outdoor`` is an outdoor apartment building."""
    place, _, sort = name.partition("/")
    parts = (place, sort) if sort in PARTS else (sort, place)
    return USUAL.get(name, words("_".join(filter(None, parts))))


def _folder(tree: Tree, split: str) -> str:
    """Return where the pictures of a split lie, judged by those listed first."""
    listed = [line.split()[0].removeprefix("/") for line, _ in islice(lines(tree, LISTS[split]), PROBES)]
    held = (f for f in FOLDERS[split] if any(tree.exists(f"{f}/{path}") for path in listed))
    return next(held, FOLDERS[split][0])


def _row(line: str, at: At, classes: Mapping[str, str], folder: str) -> LabelRow:
    path, number = line.rsplit(" ", 1)
    image = f"{folder}/{path.removeprefix('/')}"
    return LabelRow(key=image, split=at.split, image=image, label=classes[number])


def _read(tree: Tree) -> Iterator[LabelRow | Reject]:
    classes = _classes(tree)
    for split, path in existing(tree, LISTS):
        make = partial(_row, classes=classes, folder=_folder(tree, split))
        yield from list_file({split: path}, make)(tree)


PLACES365 = Source(
    name="places365",
    title="Places365",
    url="http://places2.csail.mit.edu/download.html",
    terms=Terms(faces="unknown"),
    raws=(
        Raw(
            name="places365",
            obtain="Put filelist_places365-standard.tar, train_256_places365standard.tar and val_256.tar "
            "(or the large ones) of places2.csail.mit.edu here",
            files=(
                # addresses and checksums: url_checksums/places365_small.txt of tensorflow/datasets
                Download(
                    "http://data.csail.mit.edu/places/places365/filelist_places365-standard.tar",
                    "sha256:520699e00d69b63ddc29fac54645aa00ce1c10ca42e288960aa1cf791d6e9aa9",
                    67_498_496,
                ),
                Download(
                    "http://data.csail.mit.edu/places/places365/train_256_places365standard.tar",
                    "sha256:0ade5d7d38c682aa0203014a2b99ad3bf608bf1de0f151dc0d80efba54660a0a",
                    26_103_685_120,
                ),
                Download(
                    "http://data.csail.mit.edu/places/places365/val_256.tar",
                    "sha256:24b4e639ef12a0012af525bc4cb443e4ab4aaea8369a1fb009b70e4a4aad5d48",
                    525_158_400,
                ),
            ),
        ),
    ),
    read=_read,
)


@PLACES365.task(
    "scene",
    upstream="places365+Image_Classification",
    group="classification",
    category="Scene Classification",
    instruction="What kind of place is this? Answer with one to four words, such as plaza or outdoor hotel.",
)
def scene(row: LabelRow) -> Made:
    """The class name."""
    return Example(image=row.image, answer=row.label)
