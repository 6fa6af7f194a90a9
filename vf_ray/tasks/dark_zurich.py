"""Dark Zurich: the same streets by day, at twilight and at night."""

from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Download, Example, Made, Raw, Source, Terms

TIMES = {"day": "daytime", "twilight": "twilight", "night": "nighttime"}

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
    read=image_folder("rgb_anon/{split}/{label}/*/*"),
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
    return Example(image=row.image, answer=TIMES[row.label]) if row.label in TIMES else None
