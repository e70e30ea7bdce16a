"""Reports for those who run the business (rule S8): one module for each, which counts its figures and reads them.

``counting`` keeps the figures of all of them up to date; nothing else writes them.
"""
