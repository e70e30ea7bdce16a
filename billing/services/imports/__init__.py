"""Bringing in other people's tables: read, checked, shown, and then done row by row through the services (rule S7)."""
