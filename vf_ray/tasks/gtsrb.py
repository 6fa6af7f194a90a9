"""GTSRB: German traffic signs, cut out of video frames."""

from collections.abc import Iterator

from vf_ray.instances.shapes import choose
from vf_ray.sources.csv_table import Cells, Dialect, csv_table
from vf_ray.sources.image_folder import FolderRow, image_folder, renamed
from vf_ray.sources.records import At
from vf_ray.types import Download, Made, Pool, Raw, Reject, Source, Terms, Tree

TRAIN = (
    "GTSRB/Final_Training/Images/{label}/*.ppm",
    "GTSRB/Training/{label}/*.ppm",
    "Train/{label}/*.png",
)
"""Class folders by number: the first archive, the corrected one, Kaggle's mirror."""
TEST, TEST_LABELS = "GTSRB/Final_Test/Images", "GT-final_test.csv"
SIGNS = (
    "Speed limit 20 km/h", "Speed limit 30 km/h", "Speed limit 50 km/h", "Speed limit 60 km/h",
    "Speed limit 70 km/h", "Speed limit 80 km/h", "80 km/h limit ends", "Speed limit 100 km/h",
    "Speed limit 120 km/h", "No passing for any vehicle", "No passing for heavy vehicles",
    "Right of way at the next intersection", "Priority road", "Yield", "Stop", "Closed to all vehicles",
    "Closed to heavy vehicles", "No entry", "General caution", "Dangerous curve to the left",
    "Dangerous curve to the right", "Double curve", "Bumpy road", "Slippery road",
    "Road narrows on the right", "Road work", "Traffic signals", "Pedestrians", "Children crossing",
    "Bicycles crossing", "Beware of ice and snow", "Wild animals crossing",
    "End of all speed and passing limits", "Turn right ahead", "Turn left ahead", "Ahead only",
    "Go straight or right", "Go straight or left", "Keep right", "Keep left", "Roundabout mandatory",
    "Passing allowed again", "Heavy vehicles may pass again",
)  # fmt: skip
"""Names for the 43 class numbers, which the archive leaves without: the signs' usual English names,
worded so that none holds another."""
NAMES = {number: sign for n, sign in enumerate(SIGNS) for number in (str(n), f"{n:05d}")}
"""By class number, with and without zeros before it."""


def _tested(cells: Cells, at: At) -> FolderRow:
    image = f"{TEST}/{cells['Filename']}"
    return FolderRow(key=image, split=at.split, image=image, label=cells["ClassId"].strip())


def _read(tree: Tree) -> Iterator[FolderRow | Reject]:
    there = next((p for p in TRAIN if tree.glob(p.replace("{label}", "*"))), TRAIN[0])
    yield from renamed(image_folder(there, split="train")(tree), NAMES)
    if tree.exists(TEST_LABELS):
        tested = csv_table({"test": TEST_LABELS}, _tested, Dialect(separator=";"))(tree)
        yield from renamed(tested, NAMES)


GTSRB = Source(
    name="gtsrb",
    title="GTSRB",
    url="https://benchmark.ini.rub.de/",
    terms=Terms(
        licence="CC0 (as recorded for a mirror)", faces="no", stated="recorded by the authors for a mirror"
    ),
    raws=(
        Raw(
            name="gtsrb",
            obtain="Put GTSRB-Training_fixed.zip or GTSRB_Final_Training_Images.zip (and the test pictures "
            "and GT-final_test.csv) of benchmark.ini.rub.de here; Kaggle's Train/ serves too",
            files=(
                # addresses and checksums: gtsrb.py of pytorch/vision
                Download(
                    "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/GTSRB-Training_fixed.zip",
                    "md5:513f3c79a4c5141765e10e952eaa2478",
                ),
                Download(
                    "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/GTSRB_Final_Test_Images.zip",
                    "md5:c7e4e6327067d32654124b0fe9e82185",
                ),
                Download(
                    "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/GTSRB_Final_Test_GT.zip",
                    "md5:fe31e9c9270bbcd7b84b7f21a9d9d9e5",
                ),
            ),
        ),
    ),
    read=_read,
)


@GTSRB.task(
    "sign",
    upstream="GTSRB+image_classification",
    group="classification",
    category="General Object",
    instruction="What does this traffic sign mean? Answer with the letter and the name of one of the ten.",
    pool=lambda row: row.label,
    evidence="not in the paper's list; group and category are ours, as are the signs' names",
)
def sign(row: FolderRow, pool: Pool) -> Made:
    """The right name among nine others."""
    return choose(row.image, row.label, (row.label, *pool.draw(9, beside=row.label)))
