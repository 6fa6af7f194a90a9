"""CCBench: questions about Chinese culture, scored as MMBench.

The rule knows no Chinese phrases: an answer that says in Chinese which option it chooses is unresolved.
"""

from functools import partial

from vf_ray.eval.benchmark import Benchmark
from vf_ray.eval.benchmarks.mmbench import circular, load_table, parse_reply, read, rotations, score
from vf_ray.eval.prompts import LETTER_CN

CCBENCH = Benchmark(
    name="ccbench",
    title="CCBench (circular)",
    files="the published table, CCBench.tsv, with its answers",
    load=partial(load_table, patterns=("**/CCBench*.tsv", "*.tsv"), suffix=LETTER_CN),
    score=score,
    read=read,
    units=circular,
    together=rotations,
    judged=True,
    parse=parse_reply,
)
