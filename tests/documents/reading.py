"""Reads a PDF back: the text of its pages and their sizes."""

import pypdfium2


def text_of(pdf):
    """All text of the file, in one line."""
    return " ".join(" ".join(pages_of(pdf)).split())


def pages_of(pdf):
    """The text of each page."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def sizes_of(pdf):
    """Width and height of each page in millimetres."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [tuple(round(points / 72 * 25.4) for points in page.get_size()) for page in document]
    finally:
        document.close()
