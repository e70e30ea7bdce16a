"""How fast the works that matter are, each beside the best SQL for the same outcome, naive Django and other packages.

``make bench`` runs them at small sizes, ``make bench SIZES="10000 100000 1000000"`` at others, on an
embedded PostgreSQL of their own with fsync on. Only the ratios within one run mean something.
"""
