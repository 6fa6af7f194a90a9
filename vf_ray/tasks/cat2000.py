"""CAT2000: pictures of twenty very different kinds, made to study where people look."""

from vf_ray.instances.shapes import camel_words
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Download, Example, Made, Raw, Source, Terms

CLASSES = (
    "Action", "Affective", "Art", "BlackWhite", "Cartoon", "Fractal", "Indoor", "Inverted", "Jumbled",
    "LineDrawing", "LowResolution", "Noisy", "Object", "OutdoorManMade", "OutdoorNatural", "Pattern",
    "Random", "Satelite", "Sketch", "Social",
)  # fmt: skip
USUAL = {
    "BlackWhite": "Black and white", "OutdoorManMade": "Man-made outdoors",
    "OutdoorNatural": "Natural outdoors", "Satelite": "Satellite",
}  # fmt: skip
"""Folders that are not worded as people write."""


def _words(folder: str) -> str:
    return USUAL.get(folder, camel_words(folder).capitalize())


CAT2000 = Source(
    name="cat2000",
    title="CAT2000",
    url="http://saliency.mit.edu/results_cat2000.html",
    terms=Terms(faces="unknown"),
    raws=(
        Raw(
            name="cat2000",
            obtain="Put trainSet.zip of saliency.mit.edu here",
            files=(
                # checksum: matthias-k/pysaliency
                Download("http://saliency.mit.edu/trainSet.zip", "md5:56ad5c77e6c8f72ed9ef2901628d6e48"),
            ),
        ),
    ),
    read=image_folder("trainSet/Stimuli/{label}/*", split="train", classes=CLASSES),
)


@CAT2000.task(
    "kind",
    upstream="trainSet+image_classification",
    group="classification",
    category="Image-Style Classification",
    instruction=f"What kind of picture is this? Answer with one of: {', '.join(map(_words, CLASSES))}.",
    evidence="not in the paper's list; group and category are ours, as are the blanks in longer names: the "
    "published sample has a short one",
)
def kind(row: FolderRow) -> Made:
    """The folder's name; the saliency maps one level deeper are no pictures of ours."""
    return Example(image=row.image, answer=_words(row.label))
