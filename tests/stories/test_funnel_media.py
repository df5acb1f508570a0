"""Follow-ups that are heard and seen: a voice message, music and a GIF, each as Telegram shows it."""

from pathlib import Path

from sqlalchemy import select
from world import a_world, seed

from store.models import FileHandle, Shape, StoredFile

CONFIG = """\
creators:
  studio:
    name: Studio
    funnels:
      heard:
        trigger: {event: lead.captured}
        steps:
          - {key: voice, do: send, voice: hello.ogg, text: Listen}
          - {key: song, do: send, audio: song.mp3, text: Dance}
          - {key: wave, do: send, animation: wave.gif, text: Look}
telegram: {default_creator: studio}
"""
FILES = ("hello.ogg", "song.mp3", "wave.gif")


async def test_a_voice_message_music_and_a_gif_arrive_as_such_and_go_up_once(store_url: str, tmp_path: Path):
    for name in FILES:
        (tmp_path / name).write_bytes(b"bytes of " + name.encode())
    async with a_world(store_url, tmp_path, CONFIG) as world:
        await seed(world)
        await world.spark.start()
        for name in ("Lena", "Mia"):
            lead = await world.person(name)
            await lead.say("/start")
            shown = [await lead.hears(words) for words in ("Listen", "Dance", "Look")]
            for said, shape in zip(shown, (Shape.VOICE, Shape.AUDIO, Shape.ANIMATION), strict=True):
                assert said.raw[shape], (name, shape)
        async with world.spark.database.reading() as session:
            kept = select(StoredFile.shape).join(FileHandle, FileHandle.file_id == StoredFile.id)
            assert {Shape.VOICE, Shape.AUDIO, Shape.ANIMATION} <= set(await session.scalars(kept))
