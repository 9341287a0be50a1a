"""One file, whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from planner.errors import InputError


def check_place(path: Path) -> None:
    """Refuse a path that `write_file` could not write: before long work, not after it.

    Raises
    ------
    InputError
        If its folder is missing, or it is a folder itself.
    """
    if not path.parent.is_dir():
        raise InputError(
            f"{path}: there is no folder {path.parent}: make it, or choose another"
        )
    if path.is_dir():
        raise InputError(f"{path}: this is a folder: name a file in it")


def write_file(path: Path, content: bytes) -> None:
    """Write `content` beside `path`, flush it to disk, and rename it into place.

    A file that is replaced keeps its permissions.

    Raises
    ------
    InputError
        If the folder cannot be written or the disk is full; `path` is untouched then.
    """
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".tmp-", dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise InputError(
            f"{path}: cannot be written ({error.strerror}): check the folder and the disk"
        ) from error
