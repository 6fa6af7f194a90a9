"""People's judgement: blind pairs of answers out, ratings with their doubt in.

In: what two or more models answered to one benchmark. Out: one offline page for each rater, a key that no
rater sees, and from the ratings that come back win rates, agreement, strengths, and raters who do not look.

Read in this order: sheet.py (who sees what), page.py (the page), ratings.py (what came back), agreement.py
(Krippendorff's alpha, Bradley-Terry), tally.py.
"""
