"""The files that flows show: from the disk, where the creator put them, to the file store, where versions find them."""

import asyncio
import mimetypes
from pathlib import Path

from app.config_creator import CreatorConfig
from app.config_file import Places
from domain.definitions import MediaFile
from domain.flows.definition import Flow
from domain.flows.nodes import AnyNode, SayNode
from store.files import FileStore
from store.models import Shape


async def keep_media(
    files: FileStore, places: Places, slug: str, creator: CreatorConfig
) -> tuple[dict[str, Flow], list[MediaFile]]:
    """The creator's flows, each file in them named by its SHA-256 too, and those files. Doing it again is a no-op.

    Raises OSError when one has gone since the configuration was read.
    """
    flows: dict[str, Flow] = {}
    media: list[MediaFile] = []
    for key, flow in creator.flows.items():
        folder = places.folder(("creators", slug, "flows", key))
        nodes: list[AnyNode] = []
        for node in flow.nodes:
            if isinstance(node, SayNode) and node.media is not None:
                file = await _keep(files, folder / node.media, _shape(node))
                media.append(file)
                nodes.append(node.model_copy(update={"sha256": file.sha256}))
            else:
                nodes.append(node)
        flows[key] = flow.model_copy(update={"nodes": nodes})
    return flows, media


def _shape(node: SayNode) -> Shape:
    if node.photo is not None:
        return Shape.PHOTO
    return Shape.DOCUMENT if node.video is None else Shape.VIDEO


async def _keep(files: FileStore, path: Path, shape: Shape) -> MediaFile:
    content = await asyncio.to_thread(path.read_bytes)
    blob = await files.keep(content)
    mime_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return MediaFile(blob, shape, path.name, mime_type, len(content))
