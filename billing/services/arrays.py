"""Columns of many rows as one parameter each."""

from __future__ import annotations

from collections.abc import Iterable


def array(values: Iterable[object]) -> str:
    """Numbers, dates and instants as PostgreSQL's array literal: much faster than one parameter each."""
    return "{" + ",".join(map(str, values)).replace("None", "NULL") + "}"
