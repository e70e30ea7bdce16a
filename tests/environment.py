"""Loaded before Django's settings (``-p`` in pyproject.toml): a demo installation, whose sweep may cut everybody."""

import os

os.environ.setdefault("DEMO", "1")
os.environ.setdefault("MAX_CUTS_PERCENT", "100")
