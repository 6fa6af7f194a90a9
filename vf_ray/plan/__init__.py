"""Every artifact of a recipe and its address, before anything runs; and who ran what.

Read in this order: plan.py, origins.py (where raw files come from), preparation.py and evaluation.py (what
two steps are handed), inputs.py, run_records.py, named_models.py.
"""
