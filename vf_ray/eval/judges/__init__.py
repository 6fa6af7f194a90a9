"""Judges: an address that speaks OpenAI's protocol, a checkpoint, or replies recorded earlier.

In: a ``Judge`` and what a rule cannot decide. Out: grades, and every reply, kept.

Read in this order: judging.py, replies.py, http.py (at an address), local.py (a model's folder).
"""
