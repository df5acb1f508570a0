"""The newcomer's tour, by the control API: the walks of docs/ARCHITECTURE.md from end to end."""

from world import World

from domain.signing_in import revoke_all


async def test_a_lead_is_captured_buys_and_is_followed_up_while_the_creator_is_told(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome()
    await lena.gets_file("starter-guide.pdf")
    told = await world.creator.hears("New lead")
    assert "source ad42" in told.text
    assert "email: lena@example.com" in told.text
    assert "phone: +4915123456789" in told.text

    session_id = await lena.checkout("Preset pack")
    await world.pay(session_id)
    await lena.gets_file("preset-pack.zip")
    assert "Preset pack for $19.00 to Lena" in (await world.creator.hears("Sale")).text
    await lena.say("/library")
    owned = await lena.hears("Yours")
    assert owned.labels == ["Preset pack", "☆ Rate it", "Starter guide", "☆ Rate it"]
    await lena.tap("Preset pack")
    await lena.hears("Here is Preset pack", times=2)

    await world.creator.say('/product add "Sound pack" 9.00 usd stock=20')
    await world.creator.hears("Added: no. 11 Sound pack, $9.00, 20 left")
    await world.creator.say("/product list")
    assert "2. Preset pack – $19.00, 49 left" in (await world.creator.hears("11. Sound pack")).text
    await world.creator.say("/idea add Studio tour #video !high due:2026-12-01")
    await world.creator.hears("Idea 1: Studio tour")
    await world.creator.say("/idea list")
    await world.creator.hears("1. Studio tour · idea · !high · Tue, Dec 1, 2026 · #video")

    assert await lena.count("did you have a moment") == 0
    await world.skip(days=1)
    await lena.hears("did you have a moment")
    await world.skip(days=30)
    assert await lena.count("did you have a moment") == 1


async def test_an_unpaid_checkout_is_reminded_of_until_it_is_paid(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome()
    session_id = await lena.checkout("Video course")
    await world.skip(minutes=59)
    assert await lena.count("is still waiting for you") == 0
    await world.skip(minutes=1)
    reminder = await lena.hears("Video course is still waiting for you")
    assert (await world.led_to(str(reminder.button("Finish checkout")["url"]))).endswith(session_id)
    await world.pay(session_id)
    await lena.gets_file("video-course.zip")
    await world.skip(days=3)
    reminders = [said for said in await lena.chat() if "Finish checkout" in said.labels]
    assert len(reminders) == 1


async def test_a_restart_in_the_middle_of_a_flow_goes_on_where_it_was(world: World):
    lena = await world.person("Lena")
    await lena.say("/start ad42")
    await lena.hears("What shall we call you?")
    await world.restart()
    await lena.say("Lena")
    await lena.hears("Which e-mail address")
    await lena.say("that is none")
    await lena.hears("does not look like an e-mail address")
    await world.restart()
    await lena.say("lena@example.com")
    await lena.hears("phone number")
    await lena.say("Skip")
    await lena.hears("What brings you here?")
    await world.restart()
    await lena.tap("Video")
    await lena.gets_file("starter-guide.pdf")
    for question in ("What shall we call you?", "Which e-mail address", "What brings you here?"):
        assert await lena.count(question) == 1


async def test_what_was_written_while_spark_was_down_is_answered_when_it_is_back(world: World):
    lena = await world.person("Lena")
    await lena.say("/start ad42")
    await lena.hears("What shall we call you?")
    await world.spark.stop()
    await lena.say("Lena")
    await world.begin()
    await lena.hears("Which e-mail address")


async def test_a_creators_idea_is_read_by_the_api_with_the_token_from_the_bot(world: World):
    await world.creator.say("/idea add Studio tour #video")
    await world.creator.hears("Idea 1")
    await world.creator.say("/token")
    said = await world.creator.hears("Your API token")
    token = said.text.splitlines()[-1]
    status, page = await world.get("/api/v1/1/ideas?stage=idea", Authorization=f"Bearer {token}")
    assert status == 200
    assert [item["title"] for item in page["items"]] == ["Studio tour"]
    status, _ = await world.get("/api/v1/1/ideas")
    assert status == 401
    status, _ = await world.get("/api/v1/2/ideas", Authorization=f"Bearer {token}")
    assert status == 403
    # it lives by a session of its own, which can be seen and ended
    status, page = await world.get("/api/v1/auth/sessions", Authorization=f"Bearer {token}")
    assert [(item["way"], item["this"]) for item in page["items"]] == [("bot", True)]
    async with world.spark.database.transaction() as session:
        await revoke_all(session, 1, now=world.clock())
    status, _ = await world.get("/api/v1/1/ideas", Authorization=f"Bearer {token}")
    assert status == 401


async def test_a_file_that_the_creator_sends_is_what_the_next_buyer_gets(world: World):
    await world.creator.say('/product add "Sound pack" 9.00 usd')
    await world.creator.hears("Sound pack, $9.00")
    await world.creator.send_file("sounds.zip", b"PK not really")
    await world.creator.hears("Which product is it for?")
    await world.creator.tap("Sound pack")
    await world.creator.hears("is now delivered with this file")
    lena = await world.person("Lena")
    await world.pay(await lena.checkout("Sound pack"))
    await lena.gets_file("sounds.zip")
