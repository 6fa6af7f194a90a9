"""Stanford Cars: photographs of 196 models of cars."""

from collections.abc import Iterator, Sequence
from functools import partial

from vf_ray.raw.tree import existing
from vf_ray.sources.fields import Fields, element_of, text_of
from vf_ray.sources.mat_file import as_list, load_mat
from vf_ray.sources.records import At, of_objects, parsed
from vf_ray.sources.rows import LabelRow
from vf_ray.types import Example, Made, Raw, Reject, Source, Terms, Tree

DEVKIT = "devkit/cars_train_annos.mat"
TESTED = ("cars_test_annos_withlabels.mat", "devkit/cars_test_annos_withlabels.mat")
NAMES, ONE_LIST = "devkit/cars_meta.mat", "cars_annos.mat"
TWO_WORDS = ("AM General", "Aston Martin", "Land Rover")
"""Makers whose name has two words; all others are the first word of a class name."""


def _read(tree: Tree) -> Iterator[LabelRow | Reject]:
    """Read either release: two folders with a devkit, or one folder with one list of both splits."""
    in_one = tree.exists(ONE_LIST) and not tree.exists(DEVKIT)
    for split, path in existing(tree, {"all": ONE_LIST} if in_one else {"train": DEVKIT, "test": TESTED}):
        listed = as_list(load_mat(tree, path if in_one else NAMES, ("class_names",))["class_names"])
        names = [text_of(name, "a class") for name in listed]
        records = as_list(load_mat(tree, path, ("annotations",))["annotations"])
        placed = ((record, At(path, split, index)) for index, record in enumerate(records))
        yield from parsed(placed, of_objects(partial(_row, names=names)))


def _row(record: Fields, at: At, names: Sequence[str]) -> LabelRow:
    if at.path == ONE_LIST:
        image, split = record["relative_im_path"], "test" if record.flag("test") else "train"
    else:  # both folders count from 00001
        image, split = f"cars_{at.split}/{record['fname']}", at.split
    label = element_of(record.integer("class") - 1, names, "the class")
    return LabelRow(key=image, split=split, image=image, label=label)


STANFORD_CARS = Source(
    name="stanford_cars",
    title="Stanford Cars",
    url="https://ai.stanford.edu/~jkrause/cars/car_dataset.html",
    terms=Terms(faces="unknown"),
    raws=(
        Raw(
            name="stanford_cars",
            obtain="Put cars_train.tgz, cars_test.tgz, car_devkit.tgz and cars_test_annos_withlabels.mat "
            "here, or else car_ims.tgz and cars_annos.mat; the publisher's page is gone, mirrors keep these "
            "names",
        ),
    ),
    read=_read,
)


@STANFORD_CARS.task(
    "model",
    upstream="Cars+car_classification",
    group="classification",
    category="Vehicle Classification",
    instruction="Which car is this? Answer with maker, model, type and year, such as Audi A5 Coupe 2012.",
)
def model(row: LabelRow) -> Made:
    """The class name as printed."""
    return Example(image=row.image, answer=row.label)


@STANFORD_CARS.task(
    "brand",
    upstream="Cars+car_brand_classification",
    group="classification",
    category="Vehicle Classification",
    instruction="Which company made this car? Answer with the brand alone.",
    evidence="the brand is cut out of the class name by our list of makers with two words",
)
def brand(row: LabelRow) -> Made:
    """The maker at the start of the class name."""
    two = next((maker for maker in TWO_WORDS if row.label.startswith(maker)), "")
    return Example(image=row.image, answer=two or row.label.split()[0])
