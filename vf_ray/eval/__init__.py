"""Models asked, answers scored by each benchmark's official rule, with the doubt of every figure.

In: a benchmark's files and a model, here or served. Out: answers, judgements and scores as artifacts.

Read in this order: benchmark.py (the nouns), benchmarks/ (one file each), rules/ (what they share), judges/,
statistics.py.
"""
