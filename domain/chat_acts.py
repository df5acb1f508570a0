"""What somebody does in the chat, as the table of rights knows it: commands, buttons, answers to what was asked.

Whatever is not written down here nobody may do. A form says which words follow: `#` is any number, `*` any one word,
`…` whatever comes, nothing too. The first form that fits counts; what fits none is what the command or button usually
is, which is the act that changes things wherever there is one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from domain.access import RULES, Act

# any of them is enough; the first is named to whoever may do none
Acts = tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What is usually done by it, and what by its forms."""

    usual: Act
    forms: Mapping[str, Act | Acts] = field(default_factory=dict)

    def acts(self, words: Sequence[str]) -> Acts:
        for form, acts in self.forms.items():
            if _fits(form.split(), words):
                return acts if isinstance(acts, tuple) else (acts,)
        return (self.usual,)

    @property
    def all_acts(self) -> frozenset[Act]:
        told = (acts if isinstance(acts, tuple) else (acts,) for acts in self.forms.values())
        return frozenset({self.usual, *(act for acts in told for act in acts)})

    @property
    def of_creator(self) -> bool:
        """Whether somebody acts for a creator by it, whatever they are to another one."""
        return any(RULES[act].of_creator for act in self.all_acts)

    @property
    def of_instance(self) -> bool:
        return any(act in _OF_INSTANCE for act in self.all_acts)


def _fits(form: Sequence[str], words: Sequence[str]) -> bool:
    for place, wanted in enumerate(form):
        if wanted == "…":
            return True
        if place >= len(words):
            return False
        word = words[place]
        if wanted == "#":
            if not word.removeprefix("#").isdigit():
                return False
        elif wanted != "*" and word not in wanted.split("|"):
            return False
    return len(form) == len(words)


_OF_INSTANCE = frozenset({Act.LOOK_AFTER_INSTANCE, Act.LOOK_AFTER_ACCOUNTS})

COMMANDS: Mapping[str, Done] = MappingProxyType(
    {
        "start": Done(Act.LOOK_AROUND),
        "cancel": Done(Act.BE_ONESELF),
        "stop": Done(Act.BE_ONESELF),
        "help": Done(Act.LOOK_AROUND),
        "language": Done(Act.BE_ONESELF),
        "privacy": Done(Act.LOOK_AROUND),
        "terms": Done(Act.LOOK_AROUND),
        "my_data": Done(Act.BE_ONESELF),
        "forget_me": Done(Act.BE_ONESELF),
        "paysupport": Done(Act.BE_ONESELF),
        "skip": Done(Act.BE_ONESELF),
        "back": Done(Act.BE_ONESELF),
        "shop": Done(Act.BROWSE_SHOP),
        "library": Done(Act.SEE_PURCHASES),
        # a token may do what its account may
        "token": Done(Act.SEE_BUSINESS),
        "orders": Done(Act.SEE_ORDERS, {"mine …": Act.SEE_PURCHASES, "export …": Act.EXPORT_ORDERS}),
        "product": Done(
            Act.CHANGE_PRODUCTS,
            {
                "": Act.SEE_PRODUCTS,
                "#": Act.SEE_PRODUCTS,
                "list …": Act.SEE_PRODUCTS,
                "# preview|address": Act.SEE_PRODUCTS,
                "preview|address #": Act.SEE_PRODUCTS,
            },
        ),
        "refund": Done(Act.REFUND),
        "coupon": Done(
            Act.CHANGE_PRODUCTS,
            {
                "": Act.SEE_PRODUCTS,
                "*": Act.SEE_PRODUCTS,
                "link …": Act.CHANGE_LINKS,
            },
        ),
        "idea": Done(Act.CHANGE_IDEAS, {"": Act.SEE_IDEAS, "#": Act.SEE_IDEAS, "list|find|results …": Act.SEE_IDEAS}),
        "leads": Done(Act.SEE_LEADS, {"save|drop …": Act.CHANGE_SEGMENTS}),
        "lead": Done(
            Act.CHANGE_LEADS,
            {
                "": Act.SEE_LEADS,
                "#": Act.SEE_LEADS,
                "# timeline": Act.SEE_LEADS,
                "# write …": Act.WRITE_TO_LEADS,
                "# take|back …": Act.WRITE_TO_LEADS,
                "# forget|merge …": Act.REMOVE_LEADS,
                "# give|revoke …": Act.GIVE_RIGHTS,
                "# enroll …": Act.RUN_FUNNELS,
            },
        ),
        "tag": Done(Act.CHANGE_LEADS, {"": Act.SEE_LEADS, "*": Act.SEE_LEADS}),
        "tickets": Done(
            Act.WORK_ON_TICKETS, {"": Act.SEE_BUSINESS, "open|solved": Act.SEE_BUSINESS, "#": Act.SEE_BUSINESS}
        ),
        "link": Done(Act.CHANGE_LINKS, {"": Act.SEE_LINKS, "list": Act.SEE_LINKS, "#": Act.SEE_LINKS}),
        # a line drafts; what it asks then is whether it shall go out
        "broadcast": Done(
            Act.CHANGE_BROADCASTS, {"": Act.SEE_BROADCASTS, "list": Act.SEE_BROADCASTS, "#": Act.SEE_BROADCASTS}
        ),
        "funnels": Done(
            Act.CHANGE_FUNNELS,
            {
                "": Act.SEE_FUNNELS,
                "new": Act.CHANGE_FUNNELS,
                "pause|archive|resume|start|leave": Act.SEE_FUNNELS,
                "*": Act.SEE_FUNNELS,
                "pause|leave …": Act.STOP_FUNNELS,
                "* pause|leave …": Act.STOP_FUNNELS,
                "resume|start …": Act.RUN_FUNNELS,
                "* resume|start …": Act.RUN_FUNNELS,
                "steps|yaml|parked|simulate …": Act.SEE_FUNNELS,
                "* steps|yaml|parked|simulate …": Act.SEE_FUNNELS,
            },
        ),
        "stats": Done(Act.SEE_SALES, {"uncertain|failed": Act.SEE_BUSINESS, "uncertain|failed …": Act.SETTLE_MESSAGES}),
        "export": Done(Act.EXPORT_LEADS),
        "team": Done(Act.LEAD_TEAM, {"": Act.SEE_TEAM, "list": Act.SEE_TEAM, "leave …": Act.SEE_TEAM}),
        "admin": Done(Act.LOOK_AFTER_INSTANCE),
    }
)

TAPS: Mapping[str, Done] = MappingProxyType(
    {
        "flow": Done(Act.BE_ONESELF),
        "begin": Done(Act.BE_ONESELF),
        "resume": Done(Act.BE_ONESELF),
        "subscribe": Done(Act.BE_ONESELF),
        "stop": Done(Act.BE_ONESELF),
        "forget_me": Done(Act.BE_ONESELF),
        "language": Done(Act.BE_ONESELF),
        "shop": Done(Act.BROWSE_SHOP),
        "product": Done(Act.BROWSE_SHOP),
        "buy": Done(Act.BUY),
        "code": Done(Act.BUY),
        "codes": Done(Act.BUY),
        "again": Done(Act.SEE_PURCHASES),
        "library": Done(Act.SEE_PURCHASES),
        "order": Done(
            Act.REFUND,
            {
                # of whoever bought it, or of whoever sells it
                "show|paper …": Act.SEE_ORDERS,
                "pay|off|receipt|help #": Act.BUY,
                "hand|ship|shipped|cancel #": Act.CHANGE_ORDERS,
            },
        ),
        "orders": Done(Act.SEE_ORDERS, {"mine …": Act.SEE_PURCHASES, "export …": Act.EXPORT_ORDERS}),
        "coupon": Done(
            Act.CHANGE_PRODUCTS,
            {
                "list|all": Act.SEE_PRODUCTS,
                "show #": Act.SEE_PRODUCTS,
                "link #": Act.CHANGE_LINKS,
            },
        ),
        "products": Done(
            Act.CHANGE_PRODUCTS,
            {
                "list|form": Act.SEE_PRODUCTS,
                "page|archived #": Act.SEE_PRODUCTS,
                "#": Act.SEE_PRODUCTS,
                "# more|files|variants|channel|preview|address|paylink": Act.SEE_PRODUCTS,
                "# variant|contents|after #": Act.SEE_PRODUCTS,
            },
        ),
        "attach": Done(Act.CHANGE_PRODUCTS),
        "capture": Done(Act.CHANGE_IDEAS, {"card # #": Act.SEE_IDEAS}),
        "ideafile": Done(
            Act.CHANGE_IDEAS,
            {"# #": Act.SEE_IDEAS, "# # # #": Act.SEE_IDEAS, "# # # # back|page|show …": Act.SEE_IDEAS},
        ),
        "ideacheck": Done(
            Act.CHANGE_IDEAS,
            {"# #": Act.SEE_IDEAS, "# # # #": Act.SEE_IDEAS, "# # # # back|page …": Act.SEE_IDEAS},
        ),
        "reviews": Done(Act.SEE_PRODUCTS),
        "review": Done(Act.SEE_PRODUCTS, {"# answer": Act.ANSWER_REVIEWS, "# hide|show": Act.LOOK_AFTER_INSTANCE}),
        "reported": Done(Act.LOOK_AFTER_INSTANCE),
        "admin": Done(Act.LOOK_AFTER_INSTANCE),
        "rate": Done(Act.REVIEW),
        "leads": Done(Act.SEE_LEADS, {"# export": Act.EXPORT_LEADS}),
        "lead": Done(
            Act.CHANGE_LEADS,
            {
                "forms": Act.SEE_LEADS,
                "show|timeline|why|files …": Act.SEE_LEADS,
                "write|take|give|back …": Act.WRITE_TO_LEADS,
                "forget|merge …": Act.REMOVE_LEADS,
                "enroll …": Act.RUN_FUNNELS,
            },
        ),
        "ideas": Done(Act.SEE_IDEAS, {"# new": Act.CHANGE_IDEAS}),
        "ideabrought": Done(Act.SEE_IDEAS),
        "idea": Done(
            Act.CHANGE_IDEAS, {"# # show|back|link|notes # #": Act.SEE_IDEAS, "# # notes # # #": Act.SEE_IDEAS}
        ),
        "tags": Done(Act.SEE_LEADS),
        "tickets": Done(Act.SEE_BUSINESS),
        "ticket": Done(Act.WORK_ON_TICKETS, {"#": Act.SEE_BUSINESS}),
        "link": Done(Act.CHANGE_LINKS, {"page|show #": Act.SEE_LINKS}),
        "import": Done(Act.CHANGE_LEADS),
        "settle": Done(Act.SETTLE_MESSAGES, {"list # #": Act.SEE_BUSINESS}),
        "bc": Done(
            Act.CHANGE_BROADCASTS,
            {
                "list …": Act.SEE_BROADCASTS,
                "# show|refresh": Act.SEE_BROADCASTS,
                "# go|yes|resume|at|when|type …": Act.SEND_BROADCASTS,
                "# pause|cancel|stop|unschedule": Act.STOP_BROADCASTS,
            },
        ),
        "fn": Done(
            Act.CHANGE_FUNNELS,
            {
                "list|all|parked # #": Act.SEE_FUNNELS,
                "yaml #": Act.SEE_FUNNELS,
                "# show|steps|yaml|try|parked …": Act.SEE_FUNNELS,
                "# start|begin|resume|late|go …": Act.RUN_FUNNELS,
                "# pause|leave": Act.STOP_FUNNELS,
                "park leave …": Act.STOP_FUNNELS,
                "park …": Act.RUN_FUNNELS,
            },
        ),
        "ipost": Done(Act.PUBLISH_IDEAS, {"# #": Act.SEE_IDEAS, "# # preview": Act.SEE_IDEAS}),
        "stats": Done(Act.SEE_SALES),
        "team": Done(Act.LEAD_TEAM, {"list #": Act.SEE_TEAM, "leave …": Act.SEE_TEAM}),
    }
)

# what is typed or sent after somebody was asked for it: the right is looked at then, not only when it was asked for
PROMPTS: Mapping[str, Act] = MappingProxyType(
    {
        "shop-search": Act.BROWSE_SHOP,
        "own-price": Act.BUY,
        "code": Act.BUY,
        "order-help": Act.BUY,
        "order-part": Act.REFUND,
        "order-ship": Act.CHANGE_ORDERS,
        "coupon-new": Act.CHANGE_PRODUCTS,
        "product-new": Act.CHANGE_PRODUCTS,
        "product-part": Act.CHANGE_PRODUCTS,
        "product-image": Act.CHANGE_PRODUCTS,
        "product-file": Act.CHANGE_PRODUCTS,
        "product-keys": Act.CHANGE_PRODUCTS,
        "variant-new": Act.CHANGE_PRODUCTS,
        "variant-part": Act.CHANGE_PRODUCTS,
        "bc-new": Act.CHANGE_BROADCASTS,
        "bc-message": Act.CHANGE_BROADCASTS,
        "bc-variant": Act.CHANGE_BROADCASTS,
        "bc-question": Act.CHANGE_BROADCASTS,
        "bc-buttons": Act.CHANGE_BROADCASTS,
        "bc-when": Act.SEND_BROADCASTS,
        "ipost-write": Act.PUBLISH_IDEAS,
        "ipost-buttons": Act.PUBLISH_IDEAS,
        "ipost-when": Act.PUBLISH_IDEAS,
        "fn-new": Act.CHANGE_FUNNELS,
        "fn-start": Act.RUN_FUNNELS,
        "fn-leave": Act.RUN_FUNNELS,
        "write": Act.WRITE_TO_LEADS,
        "note": Act.CHANGE_LEADS,
        "newtag": Act.CHANGE_LEADS,
        "merge": Act.REMOVE_LEADS,
        "search": Act.SEE_LEADS,
        "idea-new": Act.CHANGE_IDEAS,
        "idea-title": Act.CHANGE_IDEAS,
        "idea-notes": Act.CHANGE_IDEAS,
        "idea-tags": Act.CHANGE_IDEAS,
        "idea-due": Act.CHANGE_IDEAS,
        "idea-search": Act.SEE_IDEAS,
        "idea-attach": Act.CHANGE_IDEAS,
        "idea-check": Act.CHANGE_IDEAS,
        "review-words": Act.REVIEW,
        "review-answer": Act.ANSWER_REVIEWS,
    }
)

# what a creator sends without having been asked for it
FILES: Mapping[str, Act] = MappingProxyType(
    {
        "leads": Act.CHANGE_LEADS,
        "funnels": Act.CHANGE_FUNNELS,
        "goods": Act.CHANGE_PRODUCTS,
        "ideas": Act.CHANGE_IDEAS,
    }
)


def acts_of_command(name: str, arguments: str) -> Acts:
    """Raises KeyError for a command that is Spark's and stands nowhere here."""
    return COMMANDS[name].acts(arguments.lower().split())


def acts_of_tap(kind: str, arguments: Sequence[str]) -> Acts:
    return TAPS[kind].acts(arguments)


def acts_of_prompt(asked: str) -> Acts:
    return (PROMPTS[asked],)
