"""Short ways to bring a file in, have it checked and imported, and see what became of its rows."""

from uuid import uuid4

from django.contrib.auth.models import User

from billing.models import ImportedFile
from billing.services.imports import files, running, sources
from tests.builders import at

NOW = at("2026-05-20T10:00")
STATEMENT = {"source": "mpesa", "method": "mobile"}


def somebody():
    return User.objects.get_or_create(username="importer")[0]


def brought(kind, content, *, name="file.csv", now=NOW):
    """The files of an upload, their columns not chosen yet."""
    content = content.encode() if isinstance(content, str) else content
    uploads = sources.read(content, kind=kind)
    return files.upload(uploads, name=name, by=somebody(), now=now, request_key=uuid4())


def checked(file, *, now=NOW, **options):
    """The file after its rows were checked with the columns that were guessed."""
    options = {**(STATEMENT if file.kind == "payments" else {}), **options}
    files.check(file, mapping=file.mapping, options=options)
    return worked(file, now)


def imported(file, *, now=NOW):
    files.begin_import(file, by=somebody(), now=now)
    return worked(file, now)


def worked(file, now=NOW):
    """The file when nothing waits any more."""
    while running.carry_out(now=now) is not None:
        pass
    return ImportedFile.objects.get(pk=file.pk)


def preview(kind, content, **options):
    return checked(brought(kind, content)[0], **options)


def bring_in(kind, content, **options):
    return imported(preview(kind, content, **options))


def outcomes(file):
    """What the rows are to do or did, in their order."""
    return list(file.rows.order_by("position").values_list("outcome", flat=True))


def messages(file):
    return list(file.rows.order_by("position").values_list("message", flat=True))
