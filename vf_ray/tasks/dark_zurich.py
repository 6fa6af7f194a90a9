"""Dark Zurich: the same streets by day, at twilight and at night."""

from collections.abc import Iterator

from vf_ray.sources.image_folder import SPLITS, FolderRow, image_folder, renamed
from vf_ray.types import Download, Example, Made, Raw, Reject, Source, Terms, Tree

TIMES = {"day": "daytime", "twilight": "twilight", "night": "nighttime"}
FOLDERS = {**SPLITS, "val_ref": "val"}
"""The views by day that belong to the night pictures of the validation part lie apart."""


def _read(tree: Tree) -> Iterator[FolderRow | Reject]:
    return renamed(image_folder("rgb_anon/{split}/{label}/*/*", splits=FOLDERS)(tree), TIMES)


DARK_ZURICH = Source(
    name="dark_zurich",
    title="Dark Zurich",
    url="https://www.trace.ethz.ch/publications/2019/GCMA_UIoU/",
    terms=Terms(faces="no", stated="file names: the published pictures are the anonymised ones"),
    raws=(
        Raw(
            name="dark_zurich",
            obtain="Put Dark_Zurich_train_anon.zip and Dark_Zurich_val_anon.zip of "
            "www.trace.ethz.ch/publications/2019/GCMA_UIoU here",
            files=(
                # addresses: open-mmlab/mmsegmentation and users of the training part
                Download(
                    "https://data.vision.ee.ethz.ch/csakarid/shared/GCMA_UIoU/Dark_Zurich_train_anon.zip"
                ),
                Download("https://data.vision.ee.ethz.ch/csakarid/shared/GCMA_UIoU/Dark_Zurich_val_anon.zip"),
            ),
        ),
    ),
    read=_read,
)


@DARK_ZURICH.task(
    "time_of_day",
    upstream="Dark-Zurich+time_classification",
    group="classification",
    category="Scene Classification",
    instruction="At what time of day was this street photographed? Answer daytime, twilight or nighttime.",
)
def time_of_day(row: FolderRow) -> Made:
    """The folder's name."""
    return Example(image=row.image, answer=row.label)
