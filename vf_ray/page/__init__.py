"""Pages that a person reads: sections of text, tables, plots and pictures in one look.

In: plain data. Out: one HTML file that needs no network, and the same in Markdown.

Read in this order: document.py, tables.py, plots.py, sheets.py, style.py.
"""
