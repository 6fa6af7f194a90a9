"""DomainNet: 345 kinds of things as clip art, infographics, paintings, doodles, photographs, sketches."""

from functools import partial

from vf_ray.instances.nouns import with_article
from vf_ray.instances.shapes import name_it
from vf_ray.sources.image_folder import FolderRow
from vf_ray.sources.list_file import list_file
from vf_ray.sources.records import At
from vf_ray.text import words
from vf_ray.types import Download, Example, Made, Raw, Source, Terms

STYLES = {
    "clipart": "piece of clip art",
    "infograph": "infographic",
    "painting": "painting",
    "quickdraw": "quick doodle",
    "real": "photograph",
    "sketch": "sketch",
}
"""What the pictures of a domain are."""
USUAL = {
    "flip_flops": "flip-flops", "see_saw": "seesaw", "string_bean": "green bean", "t-shirt": "T-shirt",
}  # fmt: skip
"""Folders that are not named as a person would name what is in them."""


def _row(line: str, at: At) -> FolderRow:
    path = line.rpartition(" ")[0]
    domain, label, _ = path.split("/")
    return FolderRow(key=path, split=at.split, image=path, label=label, domain=domain)


SERVER = "http://csr.bu.edu/ftp/visda/2019/multi-source"
CLEANED = {"clipart": "groundtruth/clipart", "painting": "groundtruth/painting"}
"""The publisher cleaned two domains later; addresses as in domainnet.py of tensorflow/datasets."""
CEILING = 0.1
"""The lists still name the pictures that were removed."""

DOMAINNET = Source(
    name="domainnet",
    title="DomainNet",
    url="http://ai.bu.edu/M3SDA/",
    terms=Terms(licence="non-commercial research (fair use)", training="yes", stated="ai.bu.edu/M3SDA"),
    raws=(
        Raw(
            name="domainnet",
            obtain="Put the six zips (clipart.zip, infograph.zip ...) and the lists (clipart_train.txt ...) "
            "of ai.bu.edu/M3SDA here",
            files=(
                *(Download(f"{SERVER}/{CLEANED.get(domain, domain)}.zip") for domain in STYLES),
                *(Download(f"{SERVER}/domainnet/txt/{d}_{s}.txt") for d in STYLES for s in ("train", "test")),
            ),
        ),
    ),
    read=list_file(
        {f"{split} {domain}": f"{domain}_{split}.txt" for split in ("train", "test") for domain in STYLES},
        _row,
    ),
)


def _thing(row: FolderRow, domain: str) -> Made:
    return name_it(row.image, row.label, USUAL) if row.domain == domain else None


for domain, shown in list(STYLES.items())[:5]:  # the sixth has no task of its own
    DOMAINNET.task(
        domain,
        upstream=f"DOMAIN_NET+{domain}_image_classification",
        group="classification",
        category="General Object Classification in Special Image Domain",
        instruction=f"What is the subject of this {shown}? Answer with its name, one to five words.",
        ceiling=CEILING,
    )(partial(_thing, domain=domain))


@DOMAINNET.task(
    "style",
    upstream="DOMAIN_NET+image_category_classification",
    group="classification",
    category="Image-Style Classification",
    instruction="In which style is the image made (clip art, infographic, painting, quick doodle, photograph "
    'or sketch), and what does it show? Answer in the form "This is a painting of a dog."',
    evidence="the sentence is ours",
    ceiling=CEILING,
)
def style_and_thing(row: FolderRow) -> Made:
    """One sentence with both."""
    drawn = with_article(words(row.label, USUAL))
    answer = f"This is {with_article(STYLES[row.domain])} of {drawn}."
    return Example(image=row.image, answer=answer)
