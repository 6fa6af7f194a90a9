"""STL-10: small pictures of ten kinds of animals and vehicles."""

from vf_ray.instances.shapes import choose
from vf_ray.sources.stl_bin import StlRow, stl_bin
from vf_ray.types import Download, Made, Raw, Source, Terms

CLASSES = ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck")

STL10 = Source(
    name="stl10",
    title="STL-10",
    url="https://cs.stanford.edu/~acoates/stl10/",
    terms=Terms(),
    raws=(
        Raw(
            name="stl10",
            obtain="Put stl10_binary.tar.gz of cs.stanford.edu/~acoates/stl10 here",
            files=(
                # checksum: stl10.py of pytorch/vision
                Download(
                    "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
                    "md5:91f7769df0f17e558f3565bffb0c7dfb",
                    2_640_397_119,
                ),
            ),
        ),
    ),
    read=stl_bin(
        {s: (f"stl10_binary/{s}_X.bin", f"stl10_binary/{s}_y.bin") for s in ("train", "test")},
        names="stl10_binary/class_names.txt",
    ),
)


@STL10.task(
    "object",
    upstream="STL-10+Image_Classification",
    group="classification",
    category="General Object",
    instruction="Which animal or vehicle is in this small image? Answer with the letter and the name.",
)
def thing(row: StlRow) -> Made:
    """The class among all ten."""
    return choose(row.image, row.label, CLASSES)
