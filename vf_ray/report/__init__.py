"""What one run found, as one page, the same in Markdown and JSON; and a model with its scores, published.

In: the artifacts of a run. Out: report.html, report.md, report.json. Every section is a pure function of
``Findings``.

Read in this order: findings.py, sections.py, analyses.py, making.py, drawn.py, render.py.
"""
