"""PASCAL VOC 2007: photographs with objects of twenty classes."""

from vf_ray.sources.voc_xml import VocRow, voc_xml
from vf_ray.text import words
from vf_ray.types import Download, Example, Made, Raw, Reject, Source, Terms

ROOT = "VOCdevkit/VOC2007"
USUAL = {"diningtable": "dining table", "pottedplant": "potted plant", "tvmonitor": "TV monitor"}
"""The classes of two words."""

VOC2007 = Source(
    name="voc2007",
    title="PASCAL VOC 2007",
    url="http://host.robots.ox.ac.uk/pascal/VOC/voc2007/",
    terms=Terms(
        licence="the Flickr terms of use", faces="yes", stated="host.robots.ox.ac.uk/pascal/VOC/voc2007"
    ),
    raws=(
        Raw(
            name="voc2007",
            obtain="Put VOCtrainval_06-Nov-2007.tar and VOCtest_06-Nov-2007.tar of host.robots.ox.ac.uk here",
            files=(
                # checksums: url_checksums/voc.txt of tensorflow/datasets
                Download(
                    "http://host.robots.ox.ac.uk/pascal/VOC/voc2007/VOCtrainval_06-Nov-2007.tar",
                    "sha256:7d8cd951101b0957ddfd7a530bdc8a94f06121cfc1e511bb5937e973020c7508",
                    460_032_000,
                ),
                Download(
                    "http://host.robots.ox.ac.uk/pascal/VOC/voc2007/VOCtest_06-Nov-2007.tar",
                    "sha256:6836888e2e01dca84577a849d339fa4f73e1e4f135d312430c4856b5609b4892",
                    451_020_800,
                ),
            ),
        ),
    ),
    read=voc_xml(
        {split: f"{ROOT}/ImageSets/Main/{split}.txt" for split in ("train", "val", "test")},
        annotation=f"{ROOT}/Annotations/{{name}}.xml",
        image=f"{ROOT}/JPEGImages/{{name}}.jpg",
    ),
)


@VOC2007.task(
    "objects",
    upstream="VOC2007+object_detection",
    group="classification",
    category="General Object",
    instruction="Which of these are in the image: aeroplane, bicycle, bird, boat, bottle, bus, car, cat, "
    "chair, cow, dining table, dog, horse, motorbike, person, potted plant, sheep, sofa, train, TV monitor? "
    "List them in alphabetical order, separated by commas.",
    evidence="difficult objects count; the authors' order is not published, ours is the alphabet",
)
def objects(row: VocRow) -> Made:
    """Every class once."""
    if not row.objects:
        return Reject(row.key, "no object annotated")
    return Example(image=row.image, answer=", ".join(words(name, USUAL) for name in sorted(set(row.objects))))
