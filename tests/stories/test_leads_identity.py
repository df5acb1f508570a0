"""Nobody types their way into somebody else's library, and whoever is known already is known again."""

from sqlalchemy import select
from world import PersonOfTheWorld, World

from store.models import Entitlement, Lead, Order, Proof

LENAS_EMAIL = "lena@example.com"
ANNAS_PHONE = "+4915112345678"


async def lead_of(world: World, person: PersonOfTheWorld, name: str) -> Lead:
    async with world.spark.database.reading() as session:
        return (await session.scalars(select(Lead).where(Lead.name == name, Lead.person_id.is_not(None)))).one()


async def begins(person: PersonOfTheWorld, name: str, email: str) -> None:
    """As far as the question for the phone."""
    await person.say("/start ad7")
    await person.hears("What shall we call you?")
    await person.say(name)
    await person.hears("Which e-mail address")
    await person.say(email)
    await person.hears("phone number")


async def owned(world: World, lead: Lead) -> int:
    async with world.spark.database.reading() as session:
        orders = await session.scalars(select(Order.id).where(Order.lead_id == lead.id))
        rights = await session.scalars(
            select(Entitlement.id).where(Entitlement.lead_id == lead.id, Entitlement.origin.startswith("line:"))
        )
        found = len(orders.all())
        assert found == len(rights.all())
        return found


async def test_whoever_types_another_leads_email_gets_nothing_of_theirs_and_the_creator_sees_it(world: World):
    lena, mallory = await world.person("Lena"), await world.person("Mallory")
    await lena.answers_welcome()
    await world.pay(await lena.checkout("Preset pack"))
    await lena.gets_file("preset-pack.zip")
    await begins(mallory, "Mallory", LENAS_EMAIL.upper())
    await mallory.say("+49 151 23456789")
    await mallory.hears("What brings you here?")
    await mallory.tap("presets")
    await mallory.hears("starter guide")

    first, second = await lead_of(world, lena, "Lena"), await lead_of(world, mallory, "Mallory")
    told = await world.creator.hears(f"Lead {second.id} has given an e-mail address that lead {first.id} has too")
    assert LENAS_EMAIL not in told.text
    told = await world.creator.hears(f"Lead {second.id} has given a phone number that lead {first.id} has too")
    assert "merge" not in told.text
    await world.creator.say(f"/lead {second.id}")
    card = await world.creator.hears(f"(lead {second.id})")
    assert f"Lead {first.id} has the same e-mail address" in card.text
    assert "typed, not verified" in card.text

    asked = await mallory.count("Yours")
    await mallory.say("/library")
    await mallory.hears("Yours", times=asked + 1)
    said = (await mallory.chat())[-1]
    assert not any("Preset pack" in label for label in said.labels)
    await world.settle()
    assert (await owned(world, first), await owned(world, second)) == (1, 0)
    assert (first.phone_proof, second.phone_proof, second.email_proof) == (Proof.VERIFIED, Proof.TYPED, Proof.TYPED)
    # and it is still Lena's
    asked = (await lena.post({"text": "/library"}))["message_id"]
    await lena.tap("Preset pack", newer_than=asked)

    async def sent_again() -> bool:
        return sum(said.file_name == "preset-pack.zip" for said in await lena.chat()) == 2

    assert await world.until(sent_again)


async def test_whoever_the_creator_has_entered_is_joined_by_their_own_contact_and_by_nothing_else(world: World):
    anna, mallory = await world.person("Anna"), await world.person("Mallory")
    await world.creator.say(f"/lead add Anna Bach anna@example.com {ANNAS_PHONE}")
    await world.creator.hears("Entered:")
    async with world.spark.database.reading() as session:
        entered = (await session.scalars(select(Lead).where(Lead.name == "Anna Bach"))).one()
    await world.creator.say(f"/lead {entered.id} tag vip")

    await begins(mallory, "Mallory", "anna@example.com")
    await mallory.say(ANNAS_PHONE)
    await mallory.hears("What brings you here?")
    stranger = await lead_of(world, mallory, "Mallory")
    # who might be one person is the creator's to say
    told = await world.creator.hears(f"Lead {stranger.id} has given an e-mail address that lead {entered.id} has too")
    assert f"/lead {stranger.id} merge {entered.id}" in told.text

    await begins(anna, "Anna", "annas-other@example.com")
    await anna.share_contact(ANNAS_PHONE)
    await anna.hears("What brings you here?")
    own = await lead_of(world, anna, "Anna")
    await world.creator.hears(f"Lead {entered.id}, whom you had entered, is here")
    await world.creator.say(f"/lead {entered.id}")
    card = await world.creator.hears(f"(lead {own.id})")
    assert "vip" in card.text
    assert own.phone_proof == Proof.VERIFIED
    # what she has only typed does not take the place of what was entered, and is kept beside it
    assert "anna@example.com" in card.text
    assert f"#{own.id} email: annas-other@example.com" in card.text
    assert (await lead_of(world, mallory, "Mallory")).phone_proof == Proof.TYPED
