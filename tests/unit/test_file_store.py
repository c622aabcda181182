"""The file store keeps files under names of its own and opens nothing else."""

import io
import stat
from pathlib import Path

import pytest

from prevention.adapters.files import FileStore
from prevention.errors import NotFound


def test_a_kept_file_comes_back_byte_for_byte(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "not" / "there yet")
    name = store.save(io.BytesIO(b"\xffName,\r\n=1+1\r\n"))
    with store.open(name) as stream:
        assert stream.read() == b"\xffName,\r\n=1+1\r\n"


def test_files_are_for_the_products_own_user_only(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "uploads")
    name = store.save(io.BytesIO(b"x"))
    assert stat.S_IMODE((tmp_path / "uploads" / name).stat().st_mode) == 0o600


def test_a_copy_outlives_the_first(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    first = store.save(io.BytesIO(b"x"))
    second = store.copy(first)
    store.delete(first)
    store.delete(first)
    with store.open(second) as stream:
        assert stream.read() == b"x"
    with pytest.raises(NotFound):
        store.open(first)


@pytest.mark.parametrize("name", ["", "../secret", "/etc/passwd", "a" * 31, "A" * 32, "0" * 32 + "\n", "0" * 33])
def test_no_other_name_is_opened_or_deleted(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_bytes(b"kept")
    store = FileStore(tmp_path / "uploads")
    with pytest.raises(NotFound):
        store.open(name)
    with pytest.raises(NotFound):
        store.delete(name)
    assert (tmp_path / "secret").read_bytes() == b"kept"
