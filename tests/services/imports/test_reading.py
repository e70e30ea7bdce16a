"""Files as spreadsheet programs, banks and other systems write them."""

import io
import re
import zipfile

import pytest
from django.utils.translation import gettext, override
from openpyxl import Workbook

from billing.rules.errors import Refused
from billing.services.imports import passwords, reading

KNOWN = ("code", "name", "amount")


def workbook(*rows):
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_usual_encoding_and_delimiter_is_known(encoding, delimiter):
    text = "Code;Name;Amount\nC-1;Zoë Müller;10.50\nC-2;José Peña;20.00\n".replace(";", delimiter)
    table = reading.table(text.encode(encoding), KNOWN)
    assert table.head == ["Code", "Name", "Amount"]
    assert table.rows == [["C-1", "Zoë Müller", "10.50"], ["C-2", "José Peña", "20.00"]]


def test_a_comma_within_the_amounts_does_not_divide_them():
    assert reading.table(b"name;amount\nAnn;1,50\nBob;2,75\n", KNOWN).rows == [["Ann", "1,50"], ["Bob", "2,75"]]


def test_lines_about_the_account_come_before_the_names_of_the_columns():
    text = "Statement of account;123\n\nPeriod;May\nName;Amount;Code\nAnn;1;C-1\n;;\nBob;2\n"
    table = reading.table(text.encode(), KNOWN)
    assert table.head == ["Name", "Amount", "Code"]
    assert table.rows == [["Ann", "1", "C-1"], ["Bob", "2", ""]]


def test_a_workbook_keeps_its_numbers():
    table = reading.table(workbook(["Code", "Amount"], ["C-1", 20.5], [None, None], ["C-2", 7]), KNOWN)
    assert (table.head, table.rows) == (["Code", "Amount"], [["C-1", 20.5], ["C-2", 7]])


@pytest.mark.timeout(60)
def test_a_workbook_that_claims_to_be_huge_is_read_as_it_is():
    """Programs of banks write such dimensions; believed, they are 17,000 million cells."""
    claims, file = workbook(["Code", "Amount"], ["C-1", 20.5]), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(claims)) as package, zipfile.ZipFile(file, "w") as changed:
        for name in package.namelist():
            part = package.read(name)
            changed.writestr(name, re.sub(rb'(<dimension ref=)"[^"]*"', rb'\1"A1:XFD1048576"', part))
    assert b"XFD1048576" in zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml")
    assert reading.table(file.getvalue(), KNOWN).rows == [["C-1", 20.5]]


def test_what_postgresql_does_not_keep_is_left_out_of_every_text():
    assert reading.decoded(b"INSERT INTO tbl_plans VALUES ('a\x00b');") == "INSERT INTO tbl_plans VALUES ('ab');"


def test_columns_with_passwords_are_not_kept():
    table = reading.table(b"username,PPPoE Password,name\nann,hunter2,Ann\n", KNOWN)
    assert (table.head, table.rows) == (["username", "name"], [["ann", "Ann"]])
    assert table.left_out == ("the column PPPoE Password, which is not kept",)


@pytest.mark.parametrize("language", ["en", "bn", "es", "pt", "fr", "ar"])
def test_passwords_are_known_by_what_our_pages_call_them(language):
    with override(language):
        head = f"username,{gettext('Network password')},{gettext('Password')}\nann,x,y\n"
    assert reading.table(head.encode(), KNOWN).head == ["username"]


def test_where_passwords_are_of_use_they_are_sealed_at_once(settings):
    settings.NETWORK_KEY = "k" * 40
    table = reading.table(b"username,PPPoE Password,name\nann,hunter2,Ann\nbob,,Bob\n", KNOWN, seals=True)
    assert (table.head, table.sealed) == (["username", "PPPoE Password", "name"], (1,))
    assert "hunter2" not in str(table)
    assert [row[1] and passwords.opened(row[1]) for row in table.rows] == ["hunter2", ""]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"name,amount\n", "no rows below"),
        (b"PK\x03\x04 no zip at all", "cannot be read"),
        (b'name,amount\n"' + b"x" * 200_000, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_told(content, says):
    with pytest.raises(Refused, match=says):
        reading.table(content, KNOWN)


def test_a_file_that_is_too_long_or_unpacks_to_too_much_is_refused(settings):
    settings.IMPORT_MAX_ROWS = 2
    assert len(reading.table(b"name\na\nb\n", KNOWN).rows) == 2
    with pytest.raises(Refused, match="more than 2 rows"):
        reading.table(b"name\na\nb\nc\n", KNOWN)
    settings.IMPORT_MAX_MB = 1
    packed = io.BytesIO(workbook(["name"], ["a"]))
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/more.xml", b" " * (13 << 20))
    with pytest.raises(Refused, match="too large"):
        reading.table(packed.getvalue(), KNOWN)


@pytest.mark.parametrize(
    ("language", "encoding", "name"),
    [
        ("en", "cp1251", "Мария Иванова, Иван Петров, Пётр Смирнов"),
        ("en", "cp1252", "João Conceição"),
        ("pl", "cp1250", "Łukasz Żak"),
        ("ar", "cp1256", "محمد علي"),
    ],
)
def test_an_old_encoding_is_told_by_its_letters_and_the_language_of_the_installation(
    settings, language, encoding, name
):
    settings.LANGUAGE_CODE = language
    assert reading.table(f"Code;Name\n1;{name}\n".encode(encoding), KNOWN).rows == [["1", name]]
