"""The books, recomputed from raw rows (rule M5).

Every figure that is kept somewhere is computed again by one statement over all rows, in PostgreSQL
alone: this process holds a few rows whatever the size of the tables. Nothing is changed.
"""

from billing.services.books.verifying import CHECKS, BooksDiffer, Difference, Result, require, verify

__all__ = ["CHECKS", "BooksDiffer", "Difference", "Result", "require", "verify"]
