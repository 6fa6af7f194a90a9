"""OK-VQA, validation: 5,046 questions that need knowledge from elsewhere, scored as VQAv2."""

from vf_ray.eval.benchmark import Benchmark
from vf_ray.eval.coco_questions import ACCURACIES, loader
from vf_ray.eval.itemwise import meta, read
from vf_ray.eval.people import by_accuracies

OKVQA = Benchmark(
    name="okvqa",
    title="OK-VQA (validation)",
    files="OpenEnded_mscoco_val2014_questions.json, mscoco_val2014_annotations.json and val2014/",
    load=loader(
        "**/OpenEnded_mscoco_val2014_questions.json", "**/mscoco_val2014_annotations.json",
        "**/val2014*.parquet", "**/*.parquet", "**/OK-VQA*.tsv",
    ),
    score=by_accuracies(ACCURACIES, {"question types": meta("question_type")}),
    read=read,
)  # fmt: skip
