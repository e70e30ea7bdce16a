"""Other packages that expire subscriptions: what their own Python needs to run them is here.

A peer is a module with its Django settings, a file with its requirements (``.txt``, which ``make lock`` makes from
``.in``) and one with the SQL of its rows.
"""
