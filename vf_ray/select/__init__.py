"""Which instances and tasks are worth training on: keep-lists by several published methods, and redundancy.

In: a stage's mixture, a model, and for some methods held-out instances of target tasks. Out: a keep-list
(task, key, score) that a stage takes by ``select: {method, share}``; matrices of how alike tasks are, and
what may go. ``random`` is the baseline that every other method has to beat.

Read in this order: ranking.py (who is kept, and how many of each), influence.py, loss_ratio.py,
concepts.py, trajectories.py (the methods, as functions of arrays), features.py and collect.py (what a model
says of each instance, chunk by chunk), selecting.py (the step); then of tasks: task_matrices.py,
task_tree.py, removal.py.
"""
