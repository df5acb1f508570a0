"""What a worker does behind everybody's back: each a tick."""

from datetime import timedelta

from app.webhook_calls import HttpCaller
from automations.channel_rights import AskingForRights
from automations.forgetting import Forgetting
from automations.hooks import Hooks
from automations.idea_posts import IdeaPosting
from automations.leavings import Leavings
from automations.outgoing_calls import OutgoingCalls
from automations.product_files import ProductFiles
from automations.removals import Removals
from automations.step_acts import CALLS
from automations.ticks import Tick, Ticks
from bot.channel_messages import TelegramChannelMessages
from bot.doors import TelegramDoors
from bot.gateway import TelegramGateway
from domain.channel_passes import TOPIC as PASSES
from domain.definitions import Published
from domain.forgetting import TOPIC as FORGETTING
from domain.hooks import TOPIC as HOOKS
from domain.idea_posts import TOPIC as IDEA_POSTS
from domain.orders import TOPIC as ORDERS
from domain.payment_links import TOPIC as LINKS
from domain.products import FETCHING
from domain.refunds import TOPIC as REFUNDS
from kit.clock import Clock
from payments.payment_links import PaymentLinks
from payments.rail import Rails
from payments.reconciling import TOPIC as RECONCILE
from payments.reconciling import Reconciler
from payments.refunding import Refunding
from payments.stripe_rail import StripeRail
from store.database import Database
from store.files import FileStore


def add_webhooks(
    ticks: Ticks, database: Database, clock: Clock, published: Published, *, keep: timedelta
) -> HttpCaller:
    caller = HttpCaller()
    calls = OutgoingCalls(database, clock, published, caller, keep=keep)
    ticks.add(Tick("webhooks", calls.run, every=5, topics=frozenset({CALLS})))
    ticks.add(Tick("prune webhooks", calls.prune, every=600))
    return caller


def add_hooks(ticks: Ticks, database: Database, clock: Clock, caller: HttpCaller, *, keep: timedelta) -> Hooks:
    hooks = Hooks(database, clock, caller, keep=keep)
    ticks.add(Tick("hooks", hooks.run, every=1, topics=frozenset({HOOKS})))
    ticks.add(Tick("prune hooks", hooks.prune, every=600))
    return hooks


def add_chores(
    ticks: Ticks,
    database: Database,
    clock: Clock,
    *,
    doors: TelegramDoors,
    gateway: TelegramGateway,
    channels: TelegramChannelMessages,
    files: FileStore,
    bot_id: int,
) -> None:
    """What is done behind everybody's back: channels left, posts of ideas, people forgotten, files sent ahead …"""
    posting = IdeaPosting(database, clock, channels)
    ticks.add(Tick("idea posts", posting.work, every=1, topics=frozenset({IDEA_POSTS})))
    ticks.add(Tick("channel rights", AskingForRights(database, channels, bot_id).work, every=60))
    removals = Removals(database, clock, doors)
    ticks.add(Tick("removals", removals.run, every=2, topics=frozenset({PASSES})))
    forgetting = Forgetting(database, clock, files)
    ticks.add(Tick("forgetting", forgetting.run, every=2, topics=frozenset({FORGETTING})))
    ticks.add(Tick("prune sign-ins", Leavings(database, clock).prune, every=600))
    sent_files = ProductFiles(database, clock, gateway, files, bot_id)
    ticks.add(Tick("files", sent_files.run, every=10, topics=frozenset({FETCHING})))


def add_rail_ticks(ticks: Ticks, database: Database, clock: Clock, rails: Rails, stripe: StripeRail | None) -> None:
    """What is asked of the rails unasked: how orders stand, what their lists tell, refunds, the ends of links."""
    reconciler, refunding = Reconciler(database, clock, rails), Refunding(database, clock, rails)
    ticks.add(Tick("refunds", refunding.refund_due, every=1, topics=frozenset({REFUNDS})))
    ticks.add(Tick("looks", reconciler.look_up_due, every=1))
    ticks.add(Tick("reservations", reconciler.let_go, every=1, topics=frozenset({ORDERS})))
    ticks.add(Tick("rails' lists", reconciler.read_lists, every=5, topics=frozenset({RECONCILE})))
    if stripe is not None:
        links = PaymentLinks(database, clock, stripe)
        ticks.add(Tick("payment links", links.work, every=10, topics=frozenset({LINKS})))
