"""model-vs-human: ImageNet pictures in seventeen styles made to compare networks with people."""

from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.types import Download, Example, Made, Raw, Source, Terms

IN_SESSIONS = (
    "colour", "contrast", "high-pass", "low-pass", "phase-scrambling", "power-equalisation", "false-colour",
    "rotation", "eidolonI", "eidolonII", "eidolonIII", "uniform-noise", "sketch", "stylized",
)  # fmt: skip
IN_CLASSES = ("edge", "silhouette", "cue-conflict")
USUAL = {
    "eidolonI": "Eidolon I",
    "eidolonII": "Eidolon II",
    "eidolonIII": "Eidolon III",
    "stylized": "stylised",
}
RELEASE = "https://github.com/bethgelab/model-vs-human/releases/download/v0.1"

MODEL_VS_HUMAN = Source(
    name="model_vs_human",
    title="model-vs-human",
    url="https://github.com/bethgelab/model-vs-human",
    terms=Terms(
        licence="mixed: ImageNet terms, CC BY 4.0, MIT",
        faces="unknown",
        stated="licenses/LICENSES_OVERVIEW.md of github.com/bethgelab/model-vs-human",
    ),
    raws=(
        Raw(
            name="model_vs_human",
            obtain="Put the <style>.tar.gz files of the release v0.1 of "
            "github.com/bethgelab/model-vs-human here",
            files=tuple(Download(f"{RELEASE}/{style}.tar.gz") for style in (*IN_SESSIONS, *IN_CLASSES)),
        ),
    ),
    read=image_folder(
        *(f"{{label={style}}}/dnn/session-1/*" for style in IN_SESSIONS),
        *(f"{{label={style}}}/*/*" for style in IN_CLASSES),
    ),
)


def _spoken(style: str) -> str:
    return USUAL.get(style, style.replace("-", " "))


@MODEL_VS_HUMAN.task(
    "style",
    upstream="model-vs-human+image_style_classification",
    group="classification",
    category="Image-Style Classification",
    instruction="How was this photograph altered? Answer with one of: "
    f"{', '.join(map(_spoken, (*IN_SESSIONS, *IN_CLASSES)))}.",
    evidence="also pictures at a style's weakest setting keep its name, as in the published data",
)
def style(row: FolderRow) -> Made:
    """The style's folder."""
    return Example(image=row.image, answer=_spoken(row.label))
