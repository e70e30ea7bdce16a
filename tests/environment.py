"""Loaded before Django's settings (``-p`` in pyproject.toml): tests run as a demo installation."""

import os

os.environ.setdefault("DEMO", "1")
