"""FoodLogoDet-1500: photographs of food products with their brands' logos."""

from vf_ray.sources.voc_xml import VocRow, voc_xml
from vf_ray.text import words
from vf_ray.types import Example, Made, Raw, Reject, Source, Terms

ROOT = "FoodLogoDet-1500"

FOOD_LOGO_DET = Source(
    name="food_logo_det",
    title="FoodLogoDet-1500",
    url="https://github.com/hq03/FoodLogoDet-1500-Dataset",
    terms=Terms(faces="unknown"),
    raws=(
        Raw(
            name="food_logo_det",
            obtain="Put FoodLogoDet-1500.zip here; the link is at github.com/hq03/FoodLogoDet-1500-Dataset",
        ),
    ),
    read=voc_xml(
        {split: f"{ROOT}/ImageSets/Main/{split}.txt" for split in ("train", "val", "test")},
        annotation=f"{ROOT}/Annotations/{{name}}.xml",
        image=f"{ROOT}/JPEGImages/{{name}}.jpg",
    ),
)


@FOOD_LOGO_DET.task(
    "brand",
    upstream="FoodLogoDet-1500+food_logo_recognition",
    group="generation",
    category="Phrase-Level OCR",
    instruction="Which food brand does the logo in the image belong to? Answer with the brand's name; if "
    "there are several, separate them by commas.",
)
def brand(row: VocRow) -> Made:
    """Every brand once, in file order."""
    brands = dict.fromkeys(map(words, row.objects))
    if not brands:
        return Reject(row.key, "no object annotated")
    return Example(image=row.image, answer=", ".join(brands))
