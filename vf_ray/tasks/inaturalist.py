"""iNaturalist 2021: organisms photographed by many people, with their whole taxonomy.

Vision-Flan names the 2017 release, but its options are the 2021 release's groups, and only that one
has a taxonomy to build six of its seven tasks from.
"""

from functools import partial

from vf_ray.instances.shapes import choose
from vf_ray.sources.inat_json import SpeciesRow, inat_json
from vf_ray.types import Download, Example, Made, Raw, Reject, Source, Terms

INATURALIST = Source(
    name="inaturalist",
    title="iNaturalist 2021",
    url="https://github.com/visipedia/inat_comp/tree/master/2021",
    terms=Terms(
        licence="non-commercial research, no redistribution of pictures",
        training="yes",
        redistribution="no",
        faces="no",
        stated="github.com/visipedia/inat_comp",
    ),
    raws=(
        Raw(
            name="inaturalist",
            obtain="Put train_mini.tar.gz and train_mini.json.tar.gz (or train, and val) of "
            "github.com/visipedia/inat_comp/tree/master/2021 here; unpacked ones are read much faster",
            files=(
                # addresses: visipedia/inat_comp; checksum: inaturalist.py of pytorch/vision
                Download(
                    "https://ml-inat-competition-datasets.s3.amazonaws.com/2021/train_mini.tar.gz",
                    "md5:db6ed8330e634445efc8fec83ae81442",
                ),
                Download(
                    "https://ml-inat-competition-datasets.s3.amazonaws.com/2021/train_mini.json.tar.gz",
                    "md5:395a35be3651d86dc3b0d365b8ea5f92",
                ),
            ),
        ),
    ),
    read=inat_json({"train": ("train_mini.json", "train.json"), "val": "val.json"}),
    divisible=True,
)
GROUPS = (
    "Plants", "Insects", "Birds", "Fungi", "Reptiles", "Mammals", "Ray-finned Fishes", "Amphibians",
    "Mollusks", "Arachnids", "Animalia: any other animal",
)  # fmt: skip
OTHERS = GROUPS[-1]
"""The publisher's Animalia holds what belongs to no other group."""
EXAMPLES = {
    "phylum": "Chordata",
    "class": "Mammalia",
    "order": "Carnivora",
    "family": "Felidae",
    "genus": "Panthera",
}
EVIDENCE = "from the 2021 release, whose fields and groups the published samples show"


def _rank(row: SpeciesRow, rank: str) -> Made:
    if not row.taxonomy[rank]:
        return Reject(row.key, "rank without name", rank)
    return Example(image=row.image, answer=row.taxonomy[rank])


for rank, example in EXAMPLES.items():
    INATURALIST.task(
        rank,
        upstream=f"INATURALIST+{rank}_classification",
        group="classification",
        category="Animal Classification",
        instruction=f"To which biological {rank} does this organism belong? Answer with its Latin name, one "
        f"word such as {example}.",
        evidence=EVIDENCE,
    )(partial(_rank, rank=rank))


@INATURALIST.task(
    "supercategory",
    upstream="INATURALIST+supercategory_classification",
    group="classification",
    category="Animal Classification",
    instruction="Which group of living beings is this one part of? Answer with the letter and the name.",
    evidence=EVIDENCE,
)
def supercategory(row: SpeciesRow) -> Made:
    """The group among all eleven."""
    named = row.taxonomy["supercategory"]
    return choose(row.image, OTHERS if named == "Animalia" else named, GROUPS)


@INATURALIST.task(
    "names",
    upstream="INATURALIST+latin_english_name_classification",
    group="classification",
    category="Animal Classification",
    instruction="Give the common English and the Latin name of this organism, in the form "
    '"The English name is ..., the Latin name is ...".',
    ceiling=0.3,
    evidence=f"{EVIDENCE}; the wording of the target is ours",
)
def names(row: SpeciesRow) -> Made:
    """Both names; a species without an English one is rejected."""
    english, latin = row.taxonomy["common_name"], row.taxonomy["name"]
    if not (english and latin):
        return Reject(row.key, "no English or no Latin name")
    return Example(image=row.image, answer=f"The English name is {english}, the Latin name is {latin}.")
