import hashlib
from pathlib import Path
from urllib.parse import unquote

import obstore
from obstore.store import LocalStore, ObjectStore, from_url


class FileStore:
    """Blobs by name, in a local folder (`file:///…`) or a bucket (`s3://…`)."""

    def __init__(self, url: str) -> None:
        if url.startswith("file://"):
            folder = Path(unquote(url.removeprefix("file://")))
            folder.mkdir(parents=True, exist_ok=True)
            self._store: ObjectStore = LocalStore(folder)
        else:
            self._store = from_url(url)

    async def keep(self, content: bytes) -> str:
        """Returns the blob's name, which is its SHA-256: the same bytes twice are one blob."""
        digest = hashlib.sha256(content).hexdigest()
        await obstore.put_async(self._store, digest, content)
        return digest

    async def read(self, blob: str) -> bytes:
        """Raises FileNotFoundError for a name that is not there."""
        result = await obstore.get_async(self._store, blob)
        return bytes(await result.bytes_async())
