"""What must be true after any crash, said of plain facts, so that the check itself can be checked."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

Content = tuple[str, str]  # what kind of message, and its text as it was given to Telegram
ONCE = {"name", "email", "phone", "interest"}


@dataclass(frozen=True)
class Sent:
    """A message that reached a chat, by the playground's own journal."""

    chat: int
    content: Content
    message_id: int = 0


@dataclass(frozen=True)
class Promise:
    """A message that the store says has been sent `least` times; `marked` more are owned up to by its row."""

    row: str
    chat: int
    content: Content
    least: int = 1
    most: int = 1
    marked: int = 0


@dataclass(frozen=True)
class Paid:
    """What Stripe was paid for, and what the store made of it."""

    order: int
    state: str
    payments: int
    amount: int
    expected: int


@dataclass
class Facts:
    """Everything that the check looks at; an empty one is in order."""

    sent: list[Sent] = field(default_factory=list)
    # the messages that stand in each chat, which have to be the ones sent
    shown: dict[int, list[int]] = field(default_factory=dict)
    promises: list[Promise] = field(default_factory=list)
    # (chat, file) of everything that somebody was promised or has paid for, and what lies in the chats
    owed: list[tuple[int, str]] = field(default_factory=list)
    files: list[tuple[int, str]] = field(default_factory=list)
    # the questions of the flow, in order, as their texts begin
    questions: list[str] = field(default_factory=list)
    # by person: the state of each run of the flow, and the fields in the order in which they were accepted
    runs: dict[int, list[str]] = field(default_factory=dict)
    accepted: dict[int, list[str]] = field(default_factory=dict)
    paid: list[Paid] = field(default_factory=list)
    stock_expected: int = 0
    stock_left: int = 0
    # anything that a row or a process calls an error
    errors: list[str] = field(default_factory=list)
    kills: int = 0
    resumed: int = 0
    uncertain: int = 0


def find_faults(facts: Facts) -> list[str]:
    """Every promise that was broken, in words; nothing when all were kept."""
    return [
        *_sendings(facts),
        *_chats(facts),
        *_deliveries(facts),
        *_flows(facts),
        *_questions(facts),
        *_money(facts),
        *facts.errors,
    ]


def count_duplicates(facts: Facts) -> int:
    """How many messages arrived once more than they would have without a crash."""
    expected: Counter[tuple[int, Content]] = Counter()
    for promise in facts.promises:
        expected[promise.chat, promise.content] += promise.most
    return (Counter((each.chat, each.content) for each in facts.sent) - expected).total()


def report(facts: Facts) -> str:
    return (
        f"kills {facts.kills}, flows finished {sum(runs == ['done'] for runs in facts.runs.values())}, "
        f"orders paid {len(facts.paid)}, files delivered {len(facts.files)}, replies resumed {facts.resumed}, "
        f"sends uncertain {facts.uncertain}, messages that came again {count_duplicates(facts)}"
    )


def _sendings(facts: Facts) -> Iterator[str]:
    """Nothing is lost, and nothing is sent twice without being marked."""
    seen = Counter((each.chat, each.content) for each in facts.sent)
    promised: defaultdict[tuple[int, Content], list[Promise]] = defaultdict(list)
    for promise in facts.promises:
        promised[promise.chat, promise.content].append(promise)
    for key in seen.keys() | promised.keys():
        chat, (kind, text) = key
        rows = promised[key]
        least, most = sum(row.least for row in rows), sum(row.most + row.marked for row in rows)
        told = f"{kind} {text!r} in chat {chat}, promised by {[row.row for row in rows]}"
        if seen[key] < least:
            yield f"lost: {seen[key]} of {least} times {told}"
        if seen[key] > most:
            yield f"doubled without a mark: {seen[key]} times, {most} owned up to, {told}"


def _chats(facts: Facts) -> Iterator[str]:
    sent: defaultdict[int, list[int]] = defaultdict(list)
    for each in facts.sent:
        sent[each.chat].append(each.message_id)
    for chat, shown in facts.shown.items():
        if sorted(shown) != sorted(sent[chat]):
            yield f"chat {chat} shows {sorted(shown)}, and the journal has {sorted(sent[chat])}"


def _deliveries(facts: Facts) -> Iterator[str]:
    delivered = set(facts.files)
    yield from (f"never delivered: {name} to {chat}" for chat, name in facts.owed if (chat, name) not in delivered)


def _flows(facts: Facts) -> Iterator[str]:
    for person, runs in facts.runs.items():
        if runs != ["done"]:
            yield f"the flow of person {person} is {runs}"
    for person, fields in facts.accepted.items():
        if Counter(fields) != Counter(ONCE):
            yield f"person {person} had these answers accepted: {fields}"


def _questions(facts: Facts) -> Iterator[str]:
    """Once the next question stands in the chat, the one before was answered and must not come again."""
    reached: defaultdict[int, int] = defaultdict(int)
    for each in facts.sent:
        number = _number_of(each.content, facts.questions)
        if number is None:
            continue
        if number < reached[each.chat]:
            yield f"asked again after its answer: {each.content[1]!r} in chat {each.chat}, message {each.message_id}"
        reached[each.chat] = max(reached[each.chat], number)


def _number_of(content: Content, questions: Iterable[str]) -> int | None:
    found = (number for number, question in enumerate(questions) if content[1].startswith(question))
    return next(found, None)


def _money(facts: Facts) -> Iterator[str]:
    for paid in facts.paid:
        if paid.state != "fulfilled":
            yield f"order {paid.order} was paid and is {paid.state}"
        if paid.payments != 1:
            yield f"order {paid.order} was paid once and has {paid.payments} payments"
        if paid.amount != paid.expected:
            yield f"order {paid.order} took {paid.amount} for {paid.expected}"
    if facts.stock_left != facts.stock_expected:
        yield f"stock is {facts.stock_left} where {facts.stock_expected} should be left"
