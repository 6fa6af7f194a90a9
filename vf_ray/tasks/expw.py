"""ExpW: web photographs with the expression of each face."""

from collections.abc import Iterator
from dataclasses import dataclass

from vf_ray.sources.list_file import lines
from vf_ray.sources.records import MALFORMED
from vf_ray.types import Example, Made, Raw, Reject, Row, Source, Terms, Tree

NOUNS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutrality")
"""By the publisher's number."""
LIST = "label/label.lst"
COLUMNS = 8
CODES = frozenset(map(str, range(len(NOUNS))))


@dataclass(frozen=True, slots=True, kw_only=True)
class FacesRow(Row):
    """A picture and the expressions of its faces, by face number."""

    expressions: tuple[int, ...]


def _read(tree: Tree) -> Iterator[FacesRow | Reject]:
    """Group the lines by picture; a face that is listed twice counts once, if both lines agree."""
    by_image: dict[str, dict[str, int]] = {}
    doubtful = set[str]()
    for line, at in lines(tree, LIST):
        cells = line.split()
        if len(cells) != COLUMNS or cells[-1] not in CODES:
            yield Reject(at.key(at.place), MALFORMED, line[:200])
            continue
        name, face, expression = cells[0], cells[1], int(cells[-1])
        if by_image.setdefault(name, {}).setdefault(face, expression) != expression:
            doubtful.add(name)
    for name, faces in by_image.items():
        if name in doubtful:
            yield Reject(name, "one face with two expressions")
            continue
        yield FacesRow(key=name, split="all", image=f"image/origin/{name}", expressions=tuple(faces.values()))


EXPW = Source(
    name="expw",
    title="Expression in-the-Wild",
    url="http://mmlab.ie.cuhk.edu.hk/projects/socialrelation/index.html",
    terms=Terms(faces="yes"),
    raws=(
        Raw(
            name="expw",
            obtain="Unpack origin.7z (all parts) of the social relation page (mmlab.ie.cuhk.edu.hk) into "
            "image/, and label.lst into label/",
        ),
    ),
    read=_read,
)


@EXPW.task(
    "expression",
    upstream="expw+expression_detection",
    group="classification",
    category="Facial Recognition",
    instruction=f"What does the face express: {', '.join(NOUNS)}? Answer in the form "
    '"The expression is of happiness."',
    evidence="not in the paper's list; group and category are ours; only pictures with one face, because "
    "the whole picture is shown",
)
def expression(row: FacesRow) -> Made:
    """The one face's expression."""
    if len(row.expressions) != 1:
        return None
    return Example(image=row.image, answer=f"The expression is of {NOUNS[row.expressions[0]]}.")
