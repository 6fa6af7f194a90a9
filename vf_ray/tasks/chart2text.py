"""Chart2Text: statistical charts with a paragraph about each.

Chart2Text itself has no pictures; they come with its successor, Chart-to-text, whose captions are the same.
"""

from vf_ray.instances.shapes import caption
from vf_ray.sources.each_file import each_file
from vf_ray.sources.records import At
from vf_ray.sources.rows import TextRow
from vf_ray.types import Made, Raw, Source, Terms

ROOT = "statista_dataset/dataset"


def _row(data: bytes, at: At) -> TextRow:
    image = at.path.replace("/captions/", "/imgs/").removesuffix(".txt") + ".png"
    return TextRow(key=at.path, split=at.split, image=image, text=data.decode("utf-8-sig"))


CHART2TEXT = Source(
    name="chart2text",
    title="Chart2Text",
    url="https://github.com/JasonObeid/Chart2Text",
    terms=Terms(faces="no"),
    raws=(Raw(name="chart2text", obtain="Put statista_dataset/ of github.com/vis-nlp/Chart-to-text here"),),
    read=each_file(
        {"all two": f"{ROOT}/captions/*.txt", "all many": f"{ROOT}/multiColumn/captions/*.txt"}, _row
    ),
)


@CHART2TEXT.task(
    "caption",
    upstream="CHART2TEXT+chart_caption",
    group="generation",
    category="Fine-grained Captioning",
    instruction="Report what this chart shows in a paragraph, with its most important figures.",
    evidence="not in the paper's list; group and category are ours; pictures of the successor, whose "
    "captions are equal",
)
def chart_caption(row: TextRow) -> Made:
    """The chart's paragraph."""
    return caption(row.image, row.text)
