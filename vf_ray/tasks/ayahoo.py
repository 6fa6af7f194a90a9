"""aYahoo: pictures of twelve kinds of animals and things (Farhadi et al., attributes of objects)."""

from vf_ray.instances.shapes import name_it
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Download, Made, Raw, Source, Terms

CLASSES = (
    "donkey", "monkey", "goat", "wolf", "jetski", "zebra", "centaur", "mug", "statue", "building", "bag",
    "carriage",
)  # fmt: skip

AYAHOO = Source(
    name="ayahoo",
    title="aYahoo",
    url="https://vision.cs.uiuc.edu/attributes/",
    terms=Terms(faces="unknown"),
    raws=(
        Raw(
            name="ayahoo",
            obtain="Put ayahoo_test_images.tar.gz of vision.cs.uiuc.edu/attributes here",
            files=(Download("http://vision.cs.uiuc.edu/attributes/ayahoo_test_images.tar.gz"),),
        ),
    ),
    read=image_folder("ayahoo_test_images/{label}_*", split="test", classes=CLASSES),
)


@AYAHOO.task(
    "object",
    upstream="ayahoo_test_images+animal_object_vehicle_image_classification",
    group="classification",
    category="General Object",
    instruction=f"Which of these does the image show: {', '.join(CLASSES)}? Answer with one word.",
    split="test",
)
def thing(row: FolderRow) -> Made:
    """What the file's name begins with."""
    return name_it(row.image, row.label)
