"""MMBench-CN: MMBench's questions in Chinese, scored as MMBench.

The rule knows no Chinese phrases: an answer that says in Chinese which option it chooses is unresolved.
"""

from functools import partial

from vf_ray.eval.benchmark import Benchmark
from vf_ray.eval.benchmarks.mmbench import circular, load_table, parse_reply, read, rotations, score
from vf_ray.eval.prompts import LETTER_CN

MMBENCH_CN = Benchmark(
    name="mmbench-cn",
    title="MMBench-CN (circular)",
    files="the published table, MMBench_DEV_CN.tsv or mmbench_dev_cn_20231003.tsv, with its answers",
    load=partial(
        load_table, patterns=("**/MMBench_DEV_CN*.tsv", "**/mmbench_dev_cn*.tsv", "*.tsv"), suffix=LETTER_CN
    ),
    score=score,
    read=read,
    units=circular,
    together=rotations,
    judged=True,
    parse=parse_reply,
)
