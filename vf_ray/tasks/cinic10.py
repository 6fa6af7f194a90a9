"""CINIC-10: CIFAR-10's classes in small pictures from CIFAR and ImageNet."""

from functools import partial

from vf_ray.instances.nouns import with_article
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Download, Example, Made, Raw, Source, Terms

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

CINIC10 = Source(
    name="cinic10",
    title="CINIC-10",
    url="https://github.com/BayesWatch/cinic-10",
    terms=Terms(
        licence="MIT (compilation); pictures of CIFAR-10 and ImageNet",
        faces="unknown",
        stated="github.com/BayesWatch/cinic-10",
    ),
    raws=(
        Raw(
            name="cinic10",
            obtain="Put CINIC-10.tar.gz of datashare.ed.ac.uk/handle/10283/3192 here",
            files=(
                Download(
                    "https://datashare.ed.ac.uk/bitstream/handle/10283/3192/CINIC-10.tar.gz",
                    "md5:6ee4d0c996905fe93221de577967a372",
                ),
            ),
        ),
    ),
    read=image_folder(
        *(
            f"{{split={split}}}/{{label}}/{name}"
            for split in ("train", "valid", "test")
            for name in ("cifar-10-*", "n*")  # of CIFAR-10, of ImageNet
        ),
        classes=CLASSES,
    ),
)
GROUPS = {
    "animal": ("bird", "cat", "deer", "dog", "frog", "horse"),
    "shipping": ("airplane", "ship", "truck"),
    "transport": ("airplane", "automobile", "ship", "truck"),
}
KINDS = {"animal": "animal", "shipping": "means of shipping goods", "transport": "means of transport"}
OURS = "which classes make up the group, and the sentence, are ours"


def _named(row: FolderRow, group: str) -> Made:
    """A sentence that names the class; other groups' pictures are not asked about."""
    if row.label not in GROUPS[group]:
        return None
    return Example(image=row.image, answer=f"The image contains {with_article(row.label)}.")


def _present(row: FolderRow, group: str) -> Made:
    """A sentence that begins with yes or no."""
    kind = with_article(KINDS[group])
    if row.label in GROUPS[group]:
        return Example(image=row.image, answer=f"Yes, the image shows {kind}.")
    return Example(image=row.image, answer=f"No, the image does not show {kind}.")


for group, members in GROUPS.items():
    CINIC10.task(
        group,
        upstream=f"cinic-10+image_classification_{group}",
        group="classification",
        category="General Object Classification in Special Image Domain",
        instruction=f"The image is very small. Which {KINDS[group]} does it show: {', '.join(members)}? "
        'Answer in the form "The image contains a ...".',
        evidence=OURS,
    )(partial(_named, group=group))

for group in ("animal", "shipping"):
    CINIC10.task(
        f"{group}_present",
        upstream=f"cinic-10+object_presence_{group}",
        group="classification",
        category="General Object Classification in Special Image Domain",
        instruction=f"Does this very small image show {with_article(KINDS[group])}? Answer with one sentence "
        "that begins with yes or no.",
        evidence=OURS,
    )(partial(_present, group=group))
