"""Who may do what: the one table that the bot, the API and the pages ask. What is not in it, nobody may do.

An act of a creator's business asks for a right of whoever acts for that creator; their owners have every right. Any
other act asks for a role, or for nothing but an account, or not even for that.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from kit.errors import Forbidden, Reason
from store.models import Right, Role


class Act(StrEnum):
    """What can be done, as the table of rights knows it. The words before the dot say what it is done to."""

    # nobody needs an account for these
    LOOK_AROUND = "instance.look"
    # by their own signature
    BRING_NEWS = "providers.news"
    # by a sealed link that was given to whoever owns it
    FETCH_BOUGHT = "purchases.fetch"
    SIGN_IN = "account.sign_in"
    REGISTER = "account.register"
    BROWSE_SHOP = "shop.browse"
    FIND_CREATORS = "creators.find"
    # of one's own, whoever one is
    BE_ONESELF = "account.own"
    # how one signs in, from where, and whether there is the account at all
    GUARD_ACCOUNT = "account.guard"
    BUY = "purchases.make"
    SEE_PURCHASES = "purchases.read"
    REVIEW = "reviews.write"
    FIND_PEOPLE = "profiles.find"
    BECOME_CREATOR = "account.upgrade"
    # of a creator's business
    SEE_BUSINESS = "business.read"
    SEE_LEADS = "leads.read"
    CHANGE_LEADS = "leads.write"
    REMOVE_LEADS = "leads.remove"
    # of whom somebody owns something, which goes too
    REMOVE_OWNERS = "leads.remove_owners"
    EXPORT_LEADS = "leads.export"
    WRITE_TO_LEADS = "leads.message"
    GIVE_RIGHTS = "leads.rights"
    SEE_PRODUCTS = "products.read"
    CHANGE_PRODUCTS = "products.write"
    # of one's own as a buyer, or of a creator's: which of the two, and by what right, is asked of each order
    ORDER = "orders.any"
    SEE_ORDERS = "orders.read"
    CHANGE_ORDERS = "orders.write"
    EXPORT_ORDERS = "orders.export"
    REFUND = "orders.refund"
    SEE_SALES = "sales.read"
    ANSWER_REVIEWS = "reviews.answer"
    SEE_FLOWS = "flows.read"
    CHANGE_FLOWS = "flows.write"
    SEE_FUNNELS = "funnels.read"
    CHANGE_FUNNELS = "funnels.write"
    RUN_FUNNELS = "funnels.run"
    STOP_FUNNELS = "funnels.stop"
    SEE_BROADCASTS = "broadcasts.read"
    CHANGE_BROADCASTS = "broadcasts.write"
    SEND_BROADCASTS = "broadcasts.send"
    STOP_BROADCASTS = "broadcasts.stop"
    SEE_SEGMENTS = "segments.read"
    CHANGE_SEGMENTS = "segments.write"
    SEE_LINKS = "links.read"
    CHANGE_LINKS = "links.write"
    SEE_EVENTS = "events.read"
    TELL_EVENTS = "events.write"
    SEE_IDEAS = "ideas.read"
    CHANGE_IDEAS = "ideas.write"
    PUBLISH_IDEAS = "ideas.publish"
    SETTLE_MESSAGES = "messages.settle"
    WORK_ON_TICKETS = "tickets.work"
    UPLOAD = "uploads.make"
    # what only its owners may do
    LEAD_TEAM = "team.lead"
    SEE_TEAM = "team.read"
    SEE_INVITATIONS = "team.invitations"
    SEE_KEYS = "keys.read"
    MAKE_KEYS = "keys.make"
    WATCH_HOOKS = "hooks.watch"
    WIRE_HOOKS = "hooks.write"
    CHANGE_BUSINESS = "business.write"
    # of the instance
    LOOK_AFTER_ACCOUNTS = "accounts.look_after"
    LOOK_AFTER_INSTANCE = "instance.look_after"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may: everybody, whoever is signed in, some roles, or whoever acts for a creator with a right."""

    public: bool = False
    # who calls is about to sign in: a token that they send along all the same is not looked at
    way_in: bool = False
    # None: any role
    roles: frozenset[Role] | None = None
    # of a creator's team; None where it is no creator's business
    right: Right | None = None
    # one that is as good as that
    or_right: Right | None = None
    # only who owns the business, by no key either
    owner: bool = False
    # False where it is a person's own to do: no API key may
    by_key: bool = True
    # it would outlast what leaked: neither a key nor a token of `/token` may, which programs hold
    in_person: bool = False

    @property
    def of_creator(self) -> bool:
        return self.owner or self.right is not None

    @property
    def enough(self) -> frozenset[Right]:
        """Any of these is."""
        return frozenset(right for right in (self.right, self.or_right) if right is not None)


_PUBLIC = Rule(public=True)
_WAY_IN = Rule(public=True, way_in=True)
_ANYBODY = Rule(by_key=False)
_OWNER = Rule(owner=True, by_key=False)
_OWNER_IN_PERSON = Rule(owner=True, by_key=False, in_person=True)
_VIEW, _MANAGE, _SEND, _MONEY, _SUPPORT = (Rule(right=right) for right in Right)
# whoever may manage can stop what goes out, and so can whoever may send
_STOP = Rule(right=Right.SEND, or_right=Right.MANAGE)

RULES: Mapping[Act, Rule] = MappingProxyType(
    {
        Act.LOOK_AROUND: _PUBLIC,
        Act.BRING_NEWS: _PUBLIC,
        Act.FETCH_BOUGHT: _PUBLIC,
        Act.SIGN_IN: _WAY_IN,
        Act.REGISTER: _WAY_IN,
        Act.BROWSE_SHOP: _PUBLIC,
        Act.FIND_CREATORS: _PUBLIC,
        Act.BE_ONESELF: _ANYBODY,
        Act.GUARD_ACCOUNT: Rule(by_key=False, in_person=True),
        Act.BUY: _ANYBODY,
        Act.SEE_PURCHASES: _ANYBODY,
        Act.REVIEW: _ANYBODY,
        Act.FIND_PEOPLE: _ANYBODY,
        Act.BECOME_CREATOR: Rule(roles=frozenset({Role.BUYER, Role.BRAND, Role.CREATOR}), by_key=False),
        Act.SEE_BUSINESS: _VIEW,
        Act.SEE_LEADS: _VIEW,
        Act.CHANGE_LEADS: _MANAGE,
        Act.REMOVE_LEADS: _MANAGE,
        Act.REMOVE_OWNERS: _OWNER_IN_PERSON,
        Act.EXPORT_LEADS: _MANAGE,
        Act.WRITE_TO_LEADS: _SUPPORT,
        Act.GIVE_RIGHTS: _MANAGE,
        Act.SEE_PRODUCTS: _VIEW,
        Act.CHANGE_PRODUCTS: _MANAGE,
        Act.ORDER: Rule(),
        Act.SEE_ORDERS: _VIEW,
        Act.CHANGE_ORDERS: _MANAGE,
        Act.EXPORT_ORDERS: _MANAGE,
        Act.REFUND: _MONEY,
        Act.SEE_SALES: _VIEW,
        Act.ANSWER_REVIEWS: _SUPPORT,
        Act.SEE_FLOWS: _VIEW,
        Act.CHANGE_FLOWS: _MANAGE,
        Act.SEE_FUNNELS: _VIEW,
        Act.CHANGE_FUNNELS: _MANAGE,
        Act.RUN_FUNNELS: _SEND,
        Act.STOP_FUNNELS: _STOP,
        Act.SEE_BROADCASTS: _VIEW,
        Act.CHANGE_BROADCASTS: _MANAGE,
        Act.SEND_BROADCASTS: _SEND,
        Act.STOP_BROADCASTS: _STOP,
        Act.SEE_SEGMENTS: _VIEW,
        Act.CHANGE_SEGMENTS: _MANAGE,
        Act.SEE_LINKS: _VIEW,
        Act.CHANGE_LINKS: _MANAGE,
        Act.SEE_EVENTS: _VIEW,
        Act.TELL_EVENTS: _MANAGE,
        Act.SEE_IDEAS: _VIEW,
        Act.CHANGE_IDEAS: _MANAGE,
        # into a channel, where all who follow it read it
        Act.PUBLISH_IDEAS: _SEND,
        Act.SETTLE_MESSAGES: _SEND,
        Act.WORK_ON_TICKETS: _SUPPORT,
        Act.UPLOAD: _MANAGE,
        Act.LEAD_TEAM: _OWNER_IN_PERSON,
        Act.SEE_TEAM: _VIEW,
        Act.SEE_INVITATIONS: _OWNER,
        Act.SEE_KEYS: _OWNER,
        Act.MAKE_KEYS: _OWNER_IN_PERSON,
        Act.WATCH_HOOKS: _OWNER,
        Act.WIRE_HOOKS: _OWNER_IN_PERSON,
        Act.CHANGE_BUSINESS: _OWNER,
        Act.LOOK_AFTER_ACCOUNTS: Rule(roles=frozenset({Role.ADMIN}), by_key=False, in_person=True),
        Act.LOOK_AFTER_INSTANCE: Rule(roles=frozenset({Role.ADMIN, Role.AGENT}), by_key=False, in_person=True),
    }
)


# who reads what was handed over to somebody: licence keys, and a creator's own words on how to come by it
READ_DELIVERIES = Act.CHANGE_PRODUCTS


class NotYours(Forbidden):
    """Whoever asks is known, and may not."""

    code = "forbidden"


class SignInNeeded(NotYours):
    """Of what is theirs to do, but not by what a program holds."""

    code = "sign_in_needed"


class NoSuchRight(NotYours):
    """Of a team's member who has been given other rights."""

    code = "right_missing"


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands to one creator: as an owner, or with some rights."""

    creator_id: int
    owner: bool
    rights: frozenset[Right]

    def may(self, act: Act) -> bool:
        rule = RULES[act]
        return self.owner or (not rule.owner and bool(rule.enough & self.rights))

    def must(self, act: Act) -> None:
        """Raises NoSuchRight."""
        if self.may(act):
            return
        wanted = RULES[act].right
        if wanted is None or RULES[act].owner:
            raise NoSuchRight("only the owner of this business may do that", why=Reason("refused-owner-only"))
        raise NoSuchRight(
            f"this needs the right “{wanted}”, which its owner can give you",
            why=Reason("refused-right-missing", right=Reason(f"right-{wanted}")),
        )


def read_rights(words: Collection[object]) -> frozenset[Right]:
    """Rights as they stand in the store; words that are none are left out."""
    known = {right.value: right for right in Right}
    return frozenset(known[word] for word in words if isinstance(word, str) and word in known)
