"""Instances whose answers a model of the recipe has written: what a stage with ``answers_by`` trains on.

In: the index of what a stage takes of its tasks' instances, and a model. Out: instances with the same prompts
and images and the model's answers, one artifact a task; those that it has none for are rejects.

Read in this order: relabelling.py (the step), conversation.py (turn by turn), author.py (what a worker does).
"""
