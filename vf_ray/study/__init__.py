"""Several runs as one experiment: seeds and items kept apart, comparisons corrected for their number.

In: each run's values on the same items, under several seeds. Out: means with both kinds of doubt, paired
tests against a baseline, what difference could have been found, and fits over a scale.

Read in this order: study.py (what one is), runs.py, joint.py (one table of several runs), spread.py (what
seeds and items contribute), compare.py (tests), fit.py, retention.py (what later stages leave),
part_changes.py (what moved in the model).
"""
