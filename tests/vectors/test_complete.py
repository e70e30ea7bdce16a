"""Every example has a test."""

import ast
import re
from pathlib import Path

NUMBERS = {
    *"A1 A2 A3 A6 A11 A13 A16 A18 A19 A21 A22 A23 A25 A26 A27".split(),
    *"B2 B4 B8 B14 B15 B16 B17 B18 B20 B21 B22 B23 B24 B26 B27 B33 B35 B36 B37 B38 B39 B40 B41".split(),
    *"B42 B43 B46 B48 B50".split(),
    *"C5 C6 C7 C11 C12 C13 C14 C15 C19 C22 C23 C24 C25 C26 C28 C29 C30 C32".split(),
    *"E1 E2 E8 E10 E11 E12 E16 E17 E18 E19".split(),
    *"F3 F4 F5".split(),
    *"Z1 Z2 Z3 Z4 Z6 Z8 Z10 Z12 Z17".split(),
}


def numbers_in(call):
    """Numbers in the given call, ``case("B23", …)``, and of whole examples also in names, ``test_z1_z2_…``."""
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == call:
                yield node.args[0].value
            if isinstance(node, ast.FunctionDef) and call == "case":
                yield from map(str.upper, re.findall(r"(?<=_)[a-z]\d+(?=_)", node.name))


def test_every_example_is_tested():
    assert set(numbers_in("case")) == NUMBERS


def test_parts_are_only_of_examples_that_are_known():
    assert set(numbers_in("part")) <= NUMBERS
