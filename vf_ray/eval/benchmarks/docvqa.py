"""DocVQA, validation: 5,349 questions about scanned documents, scored by ANLS."""

from vf_ray.eval.benchmark import Benchmark
from vf_ray.eval.documents import grade, loader
from vf_ray.eval.itemwise import by_rule, meta, read

DOCVQA = Benchmark(
    name="docvqa",
    title="DocVQA (ANLS)",
    files="val_v1.0_withQT.json and documents/, or validation-*.parquet of lmms-lab/DocVQA",
    load=loader(
        (
            "**/val_v*.json",
            "**/DocVQA/val*.parquet",
            "**/*val*.parquet",
            "**/DocVQA*.tsv",
            "**/*.json",
            "**/*.parquet",
        ),
        ("documents", "spdocvqa_images", "images", ""),
        ("question_types",),
    ),
    score=by_rule(grade, groups={"question types": meta("kinds")}, figure="ANLS %", graded=True),
    read=read,
)
