"""Every artifact of a recipe and its address, before anything runs; and who ran what.

Read in this order: plan.py, origins.py (where raw files come from), handing.py (what each
step is handed), inputs.py, run_records.py, named_models.py.
"""
