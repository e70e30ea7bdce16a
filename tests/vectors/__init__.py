"""Worked examples of other billing systems: given these dates and prices, these amounts and dates come out.

The number of an example is in the id or the name of its test; `test_complete.py` holds the list of all numbers.

Sources: Kill Bill (killbill: A11-A18, A27, B2-B27, C5-C24, C29, C32, E19, Z8-Z12), Lago (A1-A3, A19, B35-B46, B50,
C25-C28, E12-E18, F3, F4, Z1-Z6, Z17), Silver (A25, B48, C30), OCA contract (A22, A23), Stripe's documentation (A6,
B33), hordak (E8-E11). The others are computed or measured.

Some sources charge the day of a change or an end to the old state. Here it belongs to the new one (rule T2): such
examples are computed anew with the arithmetic beside them, and the source's amount comes out a day later.
"""
