"""The file store: files handed in, kept in one local folder under random names.

No name that a person gave ever reaches the disk; it stays in the row that points to the file.
"""

import re
import secrets
import shutil
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from prevention.errors import NotFound

_NAME = re.compile(r"[0-9a-f]{32}")
_OWNER_ONLY_FOLDER = 0o700
_OWNER_ONLY_FILE = 0o600


def _written_at(path: Path) -> float:
    """When a file was last written to, in seconds; one that is gone meanwhile was just now."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


class FileStore:
    """A folder of files under names of 32 random hexadecimal letters, readable by the product's own user only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def save(self, stream: BinaryIO) -> str:
        """Keep a copy of ``stream`` from where it stands to its end, in constant memory; return the copy's name.

        Raises:
            OSError: the disk is full or the folder cannot be written to; nothing half-written stays.
        """
        self._folder.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        name = secrets.token_hex(16)
        path = self._folder / name
        try:
            with path.open("xb") as kept:
                path.chmod(_OWNER_ONLY_FILE)
                shutil.copyfileobj(stream, kept, 1024 * 1024)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return name

    def open(self, name: str) -> BinaryIO:
        """Open a kept file for reading.

        Raises:
            NotFound: there is no file of that name, or it is no name this store gives.
        """
        try:
            return self._path(name).open("rb")
        except FileNotFoundError:
            raise NotFound from None

    def copy(self, name: str) -> str:
        """Keep a second copy of a kept file; return its name.

        Raises:
            NotFound: as for ``open``.
        """
        with self.open(name) as stream:
            return self.save(stream)

    def kept_since_before(self, moment: datetime) -> list[str]:
        """The names of the files that have not been written to since ``moment`` (aware UTC)."""
        if not self._folder.is_dir():
            return []
        files = (path for path in self._folder.iterdir() if _NAME.fullmatch(path.name))
        return sorted(path.name for path in files if _written_at(path) < moment.timestamp())

    def delete(self, name: str) -> None:
        """Delete a kept file; one that is gone already is no error.

        Raises:
            NotFound: it is no name this store gives.
        """
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise NotFound
        return self._folder / name
