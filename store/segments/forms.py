"""How each condition is written, and what is said to whoever writes it otherwise."""

from collections.abc import Iterable

from kit.errors import Reason
from store.segments import values
from store.segments.question import BadSegment, Said, cut, listed, listed_why, near, near_why, shown

# each condition that takes a value, with how it is written
FORMS = {
    "tag": "tag:vip",
    "source": "source:ad42",
    "link": "link:KEY",
    "language": "language:de",
    "stage": "stage:customer",
    "score": "score>=5",
    "field": "field:city=Berlin",
    "has": "has:email",
    "email": "email:ada@example.com",
    "phone": "phone:+4915123456789",
    "name": "name:ada",
    "bought": "bought:“Preset pack”",
    "owns": "owns:starter-guide",
    "reviewed": "reviewed:“Preset pack”",
    "spent": "spent>=50usd",
    "orders": "orders>=2",
    "captured": "captured<7d",
    "last_seen": "last_seen<30d",
    "in_funnel": "in_funnel:welcome",
    "was_in_funnel": "was_in_funnel:welcome",
    "in_flow": "in_flow:welcome",
    "finished_flow": "finished_flow:welcome",
    "clicked": "clicked:KEY",
    "did": "did:order.paid within 30d",
    "random": "random 10%",
    "segment": "segment:NAME",
}


def equal(said: Said) -> str:
    return values.told(only_equal(said))


def only_equal(said: Said) -> Said:
    if said.sign != "=":
        raise BadSegment(
            f"{said.name} can only be asked for equality: write {form_of(said)}",
            why=Reason("segment-only-equal", name=said.name, form=form_of(said)),
            at=said.at,
        )
    return said


def unknown(said: Said, noun: str, name: str, names: Iterable[str]) -> BadSegment:
    known = list(names)
    hint = near(name, known) or (f"; there is {listed(known)}" if known else f"; there is no {noun} yet")
    kind = Reason(f"segment-noun-{noun}")
    others = Reason("segment-there-is", words=listed_why(known)) if known else Reason("segment-none-yet", noun=kind)
    why = Reason("segment-unknown", noun=kind, name=cut(name), hint=near_why(name, known) or others)
    return BadSegment(f"there is no {noun} {shown(name)}{hint}", why=why, at=said.at)


def form_of(said: Said) -> str:
    return FORMS.get(said.name, said.name)
