"""DeepFashion, high-resolution pictures: pieces of clothing, each in a folder with its name."""

from vf_ray.instances.nouns import with_article
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.text import words
from vf_ray.types import Example, Made, Raw, Source, Terms

DEEPFASHION = Source(
    name="deepfashion",
    title="DeepFashion, category and attribute prediction",
    url="https://liuziwei7.github.io/projects/DeepFashion.html",
    terms=Terms(faces="yes"),  # said to have a research agreement; not evidenced
    raws=(
        Raw(
            name="deepfashion",
            obtain="Ask for the category and attribute prediction benchmark at "
            "liuziwei7.github.io/projects/DeepFashion.html and unpack its high-resolution pictures here "
            "(Img/img_highres_subset/, with or without Img/)",
        ),
    ),
    read=image_folder("Img/img_highres_subset/{label}/*"),
)


@DEEPFASHION.task(
    "cloth",
    upstream="DeepFashion_highres_Attribute_and_Category+Cloth_Classification",
    group="classification",
    category="Texture Classification",
    instruction="Name the piece of clothing by its make and type, in the form "
    '"The picture shows a Striped Cotton Blouse."',
    evidence="the folder's name is the target, as in the published sample; the sentence is ours",
)
def cloth(row: FolderRow) -> Made:
    """The folder's name."""
    return Example(image=row.image, answer=f"The picture shows {with_article(words(row.label))}.")
