"""Files that are written, read and forgotten piece by piece."""

import io
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from store.files import PIECE, FileStore


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore((tmp_path / "files").as_uri())


def names_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", [0, 1, PIECE, 3 * PIECE + 17, 12 * PIECE])
async def test_a_file_written_from_a_stream_is_read_into_another(files: FileStore, size: int):
    content = bytes(number % 251 for number in range(1000)) * (size // 1000 + 1)
    content = content[:size]
    with TemporaryFile() as source, TemporaryFile() as target:
        source.write(content)
        await files.write_from("transfers/a/upload.csv", source)
        assert await files.read_into("transfers/a/upload.csv", target) == size
        target.seek(0)
        assert target.read() == content


async def test_writing_again_replaces_what_stood_there(files: FileStore):
    await files.write_from("transfers/a/x", io.BytesIO(b"first, and longer"))
    await files.write_from("transfers/a/x", io.BytesIO(b"second"))
    assert await files.read("transfers/a/x") == b"second"


async def test_a_folder_is_forgotten_whole_and_its_neighbours_stay(files: FileStore, tmp_path: Path):
    for name in ("transfers/a/1", "transfers/a/2", "transfers/ab/1", "elsewhere"):
        await files.write_from(name, io.BytesIO(b"x"))
    await files.forget_folder("transfers/a")
    assert names_in(tmp_path / "files") == ["elsewhere", "transfers/ab/1"]
    await files.forget_folder("transfers/a")


async def test_forgetting_twice_is_a_no_op(files: FileStore):
    blob = await files.keep(b"pack")
    await files.forget(blob)
    await files.forget(blob)
    with pytest.raises(FileNotFoundError):
        await files.read(blob)


async def test_what_is_not_there_cannot_be_read_into_a_file(files: FileStore):
    with pytest.raises(FileNotFoundError):
        await files.read_into("transfers/none", io.BytesIO())
