"""PACS: seven kinds of things as art paintings, cartoons, photographs and sketches."""

from functools import partial

from vf_ray.instances.nouns import with_article
from vf_ray.instances.shapes import choose, name_it
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Example, Made, Raw, Reject, Source, Terms

SUBJECTS = ("dog", "elephant", "giraffe", "guitar", "horse", "house", "person")

PACS = Source(
    name="pacs",
    title="PACS",
    url="https://domaingeneralization.github.io/#data",
    terms=Terms(faces="yes"),
    raws=(
        Raw(name="pacs", obtain="Put PACS.zip (it holds kfold/) here; see domaingeneralization.github.io"),
    ),
    read=image_folder("kfold/{domain}/{label}/*", classes=SUBJECTS),
)
STYLES = {
    "art_painting": "Art painting",
    "cartoon": "Cartoon",
    "photo": "Photograph",
    "sketch": "Sketch",
}
MISLABELLED = "kfold/sketch/dog/n02103406_4068-1.png"
"""Shows no dog, as Dassl's reader notes."""


def _subject(row: FolderRow, domain: str) -> Made:
    return name_it(row.image, row.label) if row.domain == domain else None


def _style(row: FolderRow, subject: str) -> Made:
    if row.label != subject or row.domain not in STYLES:
        return None
    if row.image == MISLABELLED:
        return Reject(row.key, "mislabelled")
    if subject == "person":  # the published samples of this one show no options
        return Example(image=row.image, answer=STYLES[row.domain])
    return choose(row.image, STYLES[row.domain], tuple(STYLES.values()))


for domain, style in list(STYLES.items())[:3]:
    PACS.task(
        f"{domain}_object",
        upstream=f"PACS+{domain}_object_classification",
        group="classification",
        category="General Object Classification in Special Image Domain",
        instruction=f"What is the subject of this {style.lower()}? It is one of {', '.join(SUBJECTS)}. "
        "Answer with one word.",
    )(partial(_subject, domain=domain))

for subject in SUBJECTS:
    PACS.task(
        f"{subject}_style",
        upstream=f"PACS+{subject}_image_category_classification",
        group="classification",
        category="Image-Style Classification",
        instruction=f"The image shows {with_article(subject)}. In which style is it made: a painting, a "
        "cartoon, a photograph or a sketch? "
        + (
            f"Answer with one of {', '.join(STYLES.values())}."
            if subject == "person"
            else "Answer with the letter and the text of one option."
        ),
    )(partial(_style, subject=subject))
