"""One stage of tuning, from its first step or its newest checkpoint to a finished model.

In: a stage, a model folder, a mixture. Out: a model folder, metrics of every step, checkpoints that any
number of ranks resumes from. The loss of a step never depends on how the step is cut.

Read in this order: loop.py, schedule.py (what a step holds), pack.py and collate.py (how it is cut), step.py,
checkpoint.py. Nothing here imports Ray: ``on_ray/train.py`` carries it.
"""
