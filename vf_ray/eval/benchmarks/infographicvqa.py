"""InfographicVQA, validation: 2,801 questions about infographics, scored by ANLS."""

from vf_ray.eval.benchmark import Benchmark
from vf_ray.eval.documents import grade, loader
from vf_ray.eval.itemwise import by_rule, meta, read

INFOGRAPHICVQA = Benchmark(
    name="infographicvqa",
    title="InfographicVQA (ANLS)",
    files="infographicsVQA_val_v1.0_withQT.json and its images, or validation-*.parquet of lmms-lab/DocVQA",
    load=loader(
        (
            "**/infographics*val*.json",
            "**/InfographicVQA/val*.parquet",
            "**/*val*.parquet",
            "**/InfoVQA*.tsv",
            "**/*.json",
            "**/*.parquet",
        ),
        ("infographicsvqa_images", "images", ""),
        ("answer_type", "evidence", "operation/reasoning"),
    ),
    score=by_rule(grade, groups={"kinds": meta("kinds")}, figure="ANLS %", graded=True),
    read=read,
)
