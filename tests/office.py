"""LibreOffice and poppler for the tests that look at a workbook as other programs do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

needs_office = pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed"
)
needs_poppler = pytest.mark.skipif(
    any(shutil.which(name) is None for name in ("pdftotext", "pdfinfo", "pdftoppm")),
    reason="poppler-utils (pdftotext, pdfinfo, pdftoppm) is not installed",
)


def convert(path: Path, kind: str, folder: Path) -> Path:
    """Let LibreOffice save a file as another kind into `folder`.

    It gets a profile of its own below `folder`, so that runs at the same time, and
    whoever sits at the machine, do not get in each other's way.
    """
    subprocess.run(
        [
            "soffice", f"-env:UserInstallation=file://{folder.resolve()}/profile",
            "--headless", "--convert-to", kind, "--outdir", str(folder), str(path),
        ],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return folder / f"{path.stem}.{kind.partition(':')[0]}"


def output(*command: str) -> bytes:
    """Return what a command prints."""
    return subprocess.run(command, check=True, capture_output=True, timeout=120).stdout
