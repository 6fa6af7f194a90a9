"""VQAv2, validation: 214,354 questions about COCO images, each answered by ten people."""

from vf_ray.eval.benchmark import Benchmark
from vf_ray.eval.coco_questions import ACCURACIES, loader
from vf_ray.eval.itemwise import meta, read
from vf_ray.eval.people import by_accuracies

VQAV2 = Benchmark(
    name="vqav2",
    title="VQAv2 (validation)",
    files="v2_OpenEnded_mscoco_val2014_questions.json, v2_mscoco_val2014_annotations.json and val2014/",
    load=loader(
        "**/v2_OpenEnded_mscoco_val2014_questions.json", "**/v2_mscoco_val2014_annotations.json",
        "**/validation*.parquet", "**/val*.parquet", "**/VQAv2*.tsv",
    ),
    score=by_accuracies(
        ACCURACIES, {"answer types": meta("answer_type"), "question types": meta("question_type")}
    ),
    read=read,
)  # fmt: skip
