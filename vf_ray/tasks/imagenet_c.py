"""ImageNet-C: ImageNet's validation pictures under nineteen corruptions of five strengths."""

from functools import partial

from vf_ray.instances.shapes import choose
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.text import words
from vf_ray.types import Download, Made, Raw, Source, Terms

GROUPS = {
    "blur": ("defocus_blur", "glass_blur", "motion_blur", "zoom_blur"),
    "digital": ("contrast", "elastic_transform", "pixelate", "jpeg_compression"),
    "noise": ("gaussian_noise", "shot_noise", "impulse_noise"),
    "weather": ("snow", "frost", "fog", "brightness"),
}
EXTRA = ("speckle_noise", "gaussian_blur", "spatter", "saturate")
FINE = (
    "saturate", "pixelate", "elastic_transform", "contrast", "speckle_noise", "shot_noise",
    "gaussian_blur", "spatter", "impulse_noise", "gaussian_noise",
)  # fmt: skip
"""The ten of the published sample."""

IMAGENET_C = Source(
    name="imagenet_c",
    title="ImageNet-C",
    url="https://zenodo.org/record/2235448",
    terms=Terms(
        licence="CC BY 4.0 (as recorded); pictures of ImageNet",
        faces="unknown",
        stated="zenodo.org/record/2235448",
    ),
    raws=(
        Raw(
            name="imagenet_c",
            obtain="Put blur.tar, digital.tar, extra.tar, noise.tar and weather.tar of "
            "zenodo.org/record/2235448 here",
            files=(
                Download(
                    "https://zenodo.org/record/2235448/files/blur.tar", "md5:2d8e81fdd8e07fef67b9334fa635e45c"
                ),
                Download(
                    "https://zenodo.org/record/2235448/files/digital.tar",
                    "md5:89157860d7b10d5797849337ca2e5c03",
                ),
                Download(
                    "https://zenodo.org/record/2235448/files/extra.tar",
                    "md5:d492dfba5fc162d8ec2c3cd8ee672984",
                ),
                Download(
                    "https://zenodo.org/record/2235448/files/noise.tar",
                    "md5:e80562d7f6c3f8834afb1ecf27252745",
                ),
                Download(
                    "https://zenodo.org/record/2235448/files/weather.tar",
                    "md5:33ffea4db4d93fe4a428c40a6ce0c25d",
                ),
            ),
        ),
    ),
    read=image_folder(
        *(f"{{label={kind}}}/*/n*/*" for kinds in (*GROUPS.values(), EXTRA) for kind in kinds), split="test"
    ),
)
USUAL = {
    "digital": "digital processing", "elastic_transform": "elastic distortion",
    "gaussian_blur": "Gaussian blur", "gaussian_noise": "Gaussian noise",
    "jpeg_compression": "JPEG compression", "pixelate": "pixelation", "saturate": "saturation",
}  # fmt: skip
"""Folders that are no nouns as people write them."""

GROUP_OF = {kind: group for group, kinds in GROUPS.items() for kind in kinds}


def _sentence(kind: str) -> str:
    return f"The corruption is {words(kind, USUAL)}."


def _kind(row: FolderRow, kinds: tuple[str, ...]) -> Made:
    if row.label not in kinds:
        return None
    return choose(row.image, _sentence(row.label), tuple(map(_sentence, kinds)))


def _group(row: FolderRow) -> Made:
    """The group of the corruption; the extra ones belong to none."""
    if row.label not in GROUP_OF:
        return None
    return choose(row.image, _sentence(GROUP_OF[row.label]), tuple(map(_sentence, GROUPS)))


INSTRUCTIONS = {
    "blur": "The picture is blurred. In which way? Answer with the letter and the sentence.",
    "weather": "The picture was changed to look like weather. Which? Answer with the letter and the "
    "sentence.",
    "noise": "The picture was damaged on purpose. By which of these ten corruptions? Answer with the letter "
    "and the sentence.",
}
for part, instruction in INSTRUCTIONS.items():
    IMAGENET_C.task(
        part,
        upstream=f"ImageNet-C+image_classification_{part}",
        group="classification",
        category="Image Quality Classification",
        instruction=instruction,
        split="test",
        evidence="the sentence of the options is ours"
        + ("; always the ten corruptions of the published sample" if part == "noise" else ""),
    )(partial(_kind, kinds=FINE if part == "noise" else GROUPS[part]))

IMAGENET_C.task(
    "general",
    upstream="ImageNet-C+image_classification_general",
    group="classification",
    category="Image Quality Classification",
    instruction="What sort of corruption does the picture suffer from: blur, noise, weather, or digital "
    "processing? Answer with the letter and the sentence.",
    split="test",
    evidence="the sentence of the options is ours",
)(_group)
