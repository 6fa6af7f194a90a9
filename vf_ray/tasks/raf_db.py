"""RAF-DB: faces with emotion, gender, age and race as judged by a crowd."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from vf_ray.sources.list_file import list_file
from vf_ray.sources.records import At
from vf_ray.types import Example, Made, Raw, Reject, Row, Source, Terms, Tree

EMOTIONS = {
    1: "surprise", 2: "fear", 3: "disgust", 4: "happiness", 5: "sadness", 6: "anger", 7: "neutrality",
}  # fmt: skip
GENDERS = {0: "male", 1: "female", 2: "of unsure gender"}
RACES = {0: "Caucasian", 1: "African-American", 2: "Asian"}
AGES = {0: "0-3", 1: "4-19", 2: "20-39", 3: "40-69", 4: "70 or more"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionRow(Row):
    """A face's judged traits."""

    emotion: str
    gender: str
    race: str
    age: str


def _row(line: str, at: At, tree: Tree) -> ExpressionRow | Reject:
    name, emotion = line.split()
    stem = name.removesuffix(".jpg")
    path = f"basic/Annotation/manual/{stem}_manu_attri.txt"
    try:
        codes = tree.read(path).decode().split()[-3:]
    except FileNotFoundError:
        return Reject(name, "annotation file missing", path)
    gender, race, age = map(int, codes)
    return ExpressionRow(
        key=name,
        split=name.partition("_")[0],
        image=f"basic/Image/original/{name}",
        emotion=EMOTIONS[int(emotion)],
        gender=GENDERS[gender],
        race=RACES[race],
        age=AGES[age],
    )


def _read(tree: Tree) -> Iterator[ExpressionRow | Reject]:
    files = {"all": "basic/EmoLabel/list_patition_label.txt"}
    return list_file(files, partial(_row, tree=tree), reads_files=True)(tree)


RAF_DB = Source(
    name="raf_db",
    title="RAF-DB",
    url="http://www.whdeng.cn/raf/model1.html",
    terms=Terms(
        licence="non-commercial research", training="yes", faces="yes", stated="www.whdeng.cn/raf/model1.html"
    ),
    raws=(
        Raw(
            name="raf_db",
            obtain="Ask for the basic set at www.whdeng.cn/raf/model1.html and unpack it, its inner zips "
            "too, here (basic/...)",
        ),
    ),
    read=_read,
)


def _list(codes: Mapping[int, str]) -> str:
    return ", ".join(codes.values())


@RAF_DB.task(
    "person",
    upstream="RAF_DB+human_emotion_detection",
    group="classification",
    category="Human Activity",
    instruction='Describe the person in the form "The person is male, aged 20-39, Asian; the emotion is '
    f'happiness." Genders: {_list(GENDERS)}. Ages: {_list(AGES)}. Groups: {_list(RACES)}. Emotions: '
    f"{_list(EMOTIONS)}.",
    evidence="the wording of the target is ours; unsure gender is said so",
)
def person(row: ExpressionRow) -> Made:
    """All four traits in one sentence."""
    answer = f"The person is {row.gender}, aged {row.age}, {row.race}; the emotion is {row.emotion}."
    return Example(image=row.image, answer=answer)
