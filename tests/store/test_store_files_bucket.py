"""The file store over a bucket: one of its own, which speaks as much of S3 as is asked of it."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from store.files import FileStore

MB = 1 << 20


@dataclass
class Bucket:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html"""

    blobs: dict[str, bytes] = field(default_factory=dict)
    parts: list[bytes] = field(default_factory=list)
    largest: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        blob, query, body = request.match_info["blob"], request.query, await request.read()
        self.largest = max(self.largest, len(body))
        match request.method:
            case "POST" if "uploads" in query:
                return _xml("<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
            case "PUT" if "partNumber" in query:
                self.parts.append(body)
                return web.Response(headers={"ETag": '"part"'})
            case "POST" if "uploadId" in query:
                self.blobs[blob], self.parts = b"".join(self.parts), []
                return _xml('<CompleteMultipartUploadResult><ETag>"all"</ETag></CompleteMultipartUploadResult>')
            case "PUT":
                self.blobs[blob] = body
                return web.Response(headers={"ETag": '"all"'})
            case "GET" if blob in self.blobs:
                return self._some_of(self.blobs[blob], request.http_range)
            case "POST":
                names = re.findall("<Key>(.*?)</Key>", body.decode())
                for name in names:
                    self.blobs.pop(name, None)
                gone = "".join(f"<Deleted><Key>{name}</Key></Deleted>" for name in names)
                return _xml(f"<DeleteResult>{gone}</DeleteResult>")
        return web.Response(status=404)

    def _some_of(self, blob: bytes, asked: slice) -> web.Response:
        headers = {"ETag": '"all"', "Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}
        start, stop = asked.start or 0, min(asked.stop or len(blob), len(blob))
        whole = asked.start is None
        if not whole:
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(blob)}"
        return web.Response(status=200 if whole else 206, body=blob[start:stop], headers=headers)


def _xml(text: str) -> web.Response:
    return web.Response(text=text, content_type="application/xml")


async def pieces(count: int, *, cut: bool = False) -> AsyncIterator[bytes]:
    for number in range(count):
        yield bytes([number]) * MB
    if cut:
        raise ConnectionResetError("whoever sent it has gone")


async def test_a_bucket_takes_hands_out_and_forgets_as_a_folder_does(monkeypatch: pytest.MonkeyPatch):
    bucket, app = Bucket(), web.Application(client_max_size=100 * MB)
    app.router.add_route("*", "/spark{slash:/?}{blob:.*}", bucket.answer)
    async with TestServer(app) as server:
        for name, value in {
            "ENDPOINT": str(server.make_url("")).rstrip("/"),
            "ALLOW_HTTP": "true",
            "ACCESS_KEY_ID": "key",
            "SECRET_ACCESS_KEY": "secret",
            "REGION": "eu-central-1",
        }.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        files = FileStore("s3://spark")
        _, size = await files.take_in("uploads/large", pieces(20))
        assert size == len(bucket.blobs["uploads/large"]) == 20 * MB
        # sent on part by part, and never held whole
        assert bucket.largest == 8 * MB
        await files.take_in("uploads/small", pieces(1))
        stretch = b"".join([each async for each in await files.stretch("uploads/large", MB - 1, 2 * MB + 1)])
        assert stretch == b"\0" + b"\1" * MB + b"\2"
        for count in (1, 20):
            with pytest.raises(ConnectionResetError):
                await files.take_in("uploads/cut", pieces(count, cut=True))
        with pytest.raises(FileNotFoundError):
            await files.read("uploads/cut")
        await files.forget("uploads/large")
        await files.forget("uploads/cut")
        assert (set(bucket.blobs), files.room()) == ({"uploads/small"}, None)
