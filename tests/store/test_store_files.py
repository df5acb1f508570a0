import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from store.files import FileStore


async def test_what_is_kept_is_read_again_under_its_digest(tmp_path: Path):
    files = FileStore((tmp_path / "files").as_uri())
    for content in (b"", b"pack", bytes(range(256)) * 5000):
        blob = await files.keep(content)
        assert blob == hashlib.sha256(content).hexdigest()
        assert await files.read(blob) == content


async def test_the_same_bytes_are_one_blob_even_at_once(tmp_path: Path):
    files = FileStore((tmp_path / "files").as_uri())
    names = await asyncio.gather(*(files.keep(b"pack") for _ in range(10)))
    assert len(set(names)) == 1
    assert [each.name for each in (tmp_path / "files").iterdir()] == [names[0]]


@pytest.mark.parametrize("blob", ["0" * 64, "nothing-here"])
async def test_what_is_not_there_says_so(tmp_path: Path, blob: str):
    with pytest.raises(FileNotFoundError):
        await FileStore((tmp_path / "files").as_uri()).read(blob)


async def test_no_name_reaches_out_of_the_folder(tmp_path: Path):
    (tmp_path / "secret").write_bytes(b"secret")
    files = FileStore((tmp_path / "files").as_uri())
    for blob in ("../secret", "/../secret", "..%2fsecret", str(tmp_path / "secret")):
        with pytest.raises((FileNotFoundError, ValueError)):
            await files.read(blob)


async def test_a_folder_of_any_name_is_the_folder_that_was_meant(tmp_path: Path):
    folder = tmp_path / "my files, größer & 100%"
    blob = await FileStore(folder.as_uri()).keep(b"pack")
    assert (folder / blob).read_bytes() == b"pack"
    assert os.listdir(tmp_path) == [folder.name]  # noqa: PTH208 - a quick look, and the only one
