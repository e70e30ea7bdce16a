"""Where the system libraries of PDF are missing, everything else works and says what to install."""

import os
import subprocess
import sys
from pathlib import Path

from tests.jobs.processes import database_url

ROOT = Path(__file__).resolve().parents[2]
TRY_IT = """
from decimal import Decimal
from billing.documents import rendering
from billing.documents.papers import Paper
print(len(rendering.html(Paper("statement.html", "statement", "en", {"owed": Decimal(0)}))) > 1000)
try:
    rendering.pdf([])
except rendering.PdfUnavailable as reason:
    print(reason)
"""


def test_a_missing_library_is_one_clear_message(tmp_path):
    (tmp_path / "libpango-1.0.so.0").write_bytes(b"")  # what the linker finds first, and cannot load
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path), "DATABASE_URL": database_url(), "DEMO": "1"}
    shell = [sys.executable, "manage.py", "shell", "--verbosity=0", "-c", TRY_IT]
    done = subprocess.run(shell, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("True\n")
    assert "PDF cannot be made on this machine, because system libraries are missing: apt-get install" in done.stdout
