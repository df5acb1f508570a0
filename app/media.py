"""The files that flows and funnels show: from the creator's disk to the file store, where versions find them."""

import asyncio
import mimetypes
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from app.config_creator import CreatorConfig
from app.config_file import Places
from domain.definitions import MediaFile
from domain.flows.definition import Flow
from domain.flows.nodes import Media, SayNode
from domain.funnels.definition import Funnel, SendStep
from store.files import FileStore
from store.models import Shape

M = TypeVar("M", bound=Media)


async def keep_media(
    files: FileStore | None, places: Places, slug: str, creator: CreatorConfig
) -> tuple[dict[str, Flow], dict[str, Funnel], list[MediaFile]]:
    """The creator's flows and funnels, each file in them named by its SHA-256 too, and those files.

    Doing it again is a no-op; without a file store they are only named. Raises OSError when one has gone since the
    configuration was read.
    """
    media: list[MediaFile] = []

    async def named(shown: M, folder: Path) -> M:
        if shown.media is None:
            return shown
        file = await _keep(files, folder / shown.media, shown.shape)
        media.append(file)
        return shown.model_copy(update={"sha256": file.sha256})

    flows: dict[str, Flow] = {}
    for key, flow in creator.flows.items():
        folder = places.folder(("creators", slug, "flows", key))
        nodes = [await named(node, folder) if isinstance(node, SayNode) else node for node in flow.nodes]
        flows[key] = flow.model_copy(update={"nodes": nodes})
    funnels: dict[str, Funnel] = {}
    for key, funnel in creator.funnels.items():
        folder = places.folder(("creators", slug, "funnels", key))
        steps = [await named(step, folder) if isinstance(step, SendStep) else step for step in funnel.steps]
        funnels[key] = funnel.model_copy(update={"steps": tuple(steps)})
    return flows, funnels, media


async def _keep(files: FileStore | None, path: Path, shape: Shape) -> MediaFile:
    content = await asyncio.to_thread(path.read_bytes)
    blob = sha256(content).hexdigest() if files is None else await files.keep(content)
    mime_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return MediaFile(blob, shape, path.name, mime_type, len(content))
