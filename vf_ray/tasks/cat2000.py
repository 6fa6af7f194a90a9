"""CAT2000: pictures of twenty very different kinds, made to study where people look."""

from vf_ray.shapes import camel_words, name_it
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Download, Made, Raw, Source, Terms

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
    read=image_folder("trainSet/Stimuli/{label}/*", split="train"),
)
SPELLED = {"Satelite": "satellite"}


@CAT2000.task(
    "kind",
    upstream="trainSet+image_classification",
    group="classification",
    category="Image-Style Classification",
    instruction="What kind of picture is this? Answer with one of: action, affective, art, black white, "
    "cartoon, fractal, indoor, inverted, jumbled, line drawing, low resolution, noisy, object, outdoor man "
    "made, outdoor natural, pattern, random, satellite, sketch, social.",
    evidence="not in the paper's list; group and category are ours",
)
def kind(row: FolderRow) -> Made:
    """The folder's name; the saliency maps one level deeper are no pictures of ours."""
    return name_it(row.image, SPELLED.get(row.label, camel_words(row.label)))
