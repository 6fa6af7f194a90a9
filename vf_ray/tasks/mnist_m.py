"""MNIST-M: handwritten digits blended into patches of photographs."""

from vf_ray.sources.list_file import list_file
from vf_ray.sources.records import At
from vf_ray.sources.rows import LabelRow
from vf_ray.types import Example, Made, Raw, Source, Terms


def _row(line: str, at: At) -> LabelRow:
    name, digit = line.split()
    if digit not in tuple("0123456789"):
        raise ValueError(f"{digit!r} is no digit")
    image = f"mnist_m/mnist_m_{at.split}/{name}"
    return LabelRow(key=at.key(name), split=at.split, image=image, label=digit)


MNIST_M = Source(
    name="mnist_m",
    title="MNIST-M",
    url="https://www.kaggle.com/datasets/aquibiqbal/mnistm",
    terms=Terms(faces="no"),
    raws=(Raw(name="mnist_m", obtain="Put mnist_m.tar.gz (Ganin et al.) here"),),
    read=list_file({s: f"mnist_m/mnist_m_{s}_labels.txt" for s in ("train", "test")}, _row),
)


@MNIST_M.task(
    "digit",
    upstream="MNIST-M+number_recognition",
    group="classification",
    category="General Object",
    instruction="Which digit from 0 to 9 is written in the image? Answer with the digit alone.",
)
def digit(row: LabelRow) -> Made:
    """The digit."""
    return Example(image=row.image, answer=row.label)
