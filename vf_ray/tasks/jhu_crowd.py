"""JHU-CROWD++: photographs of crowds with the kind of event or place."""

from vf_ray.sources.list_file import list_file
from vf_ray.sources.records import At
from vf_ray.sources.rows import LabelRow
from vf_ray.types import Example, Made, Raw, Reject, Source, Terms

SPELLED = {
    "celebratiobn": "celebration",
    "cocnert": "concert",
    "inaugaration": "inauguration",
    "prortest": "protest",
    "waterpark": "water park",
    "water-park": "water park",
}
"""The publisher's slips, by their lower-case form."""
NO_SCENE = ("canada", "rain", "distractor", "no crowd", "")


def spoken(scene: str) -> str:
    """Return a scene's free text in one spelling."""
    plain = " ".join(scene.strip().lower().replace("_", " ").split())
    return SPELLED.get(plain, plain.replace("-", " "))


def _row(line: str, at: At) -> LabelRow:
    number, _, scene, *_ = line.split(",")
    root = f"jhu_crowd_v2.0/{at.split}"
    return LabelRow(
        key=at.key(at.split, number), split=at.split, image=f"{root}/images/{number}.jpg", label=spoken(scene)
    )


JHU_CROWD = Source(
    name="jhu_crowd",
    title="JHU-CROWD++",
    url="http://www.crowd-counting.com/",
    terms=Terms(faces="yes"),
    raws=(Raw(name="jhu_crowd", obtain="Put jhu_crowd_v2.0.zip of www.crowd-counting.com here"),),
    read=list_file({s: f"jhu_crowd_v2.0/{s}/image_labels.txt" for s in ("train", "val", "test")}, _row),
)


@JHU_CROWD.task(
    "scene",
    upstream="JHU-CROWD+scene_type_recognition",
    group="classification",
    category="Scene Classification",
    instruction="What event or place has brought this crowd together? Answer with one to three words, such "
    "as stadium or protest.",
    ceiling=0.2,  # pictures without a crowd are in it on purpose
    evidence="misspellings and variants of the publisher's free text are brought into one form",
)
def scene(row: LabelRow) -> Made:
    """The scene, unless the label names none."""
    if row.label in NO_SCENE:
        return Reject(row.key, "label names no scene", row.label)
    return Example(image=row.image, answer=row.label)
