"""Whether a flow can be walked: where each node leads, what nothing leads to, and where it would go round for ever.

What a flow names of its creator's (fields, tags, funnels, products) is checked where that is known.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from domain.flows.nodes import (
    ASKING,
    AnyNode,
    AskNode,
    BranchNode,
    ChooseNode,
    ConsentNode,
    EndNode,
    GotoNode,
    HandoverNode,
    Node,
    SayNode,
    WaitNode,
)
from domain.flows.patterns import LONGEST_TEXT
from domain.messages.local import by_language, wordings
from domain.messages.wording import check_length
from kit.text import CAPTION_LIMIT

# where in the flow, by keys and positions, and what is wrong there
Slip = tuple[tuple[str | int, ...], str]
# which kinds of question each of these belongs to; elsewhere it would say nothing
_BELONGS = {
    "min_length": {"text"},
    "max_length": {"text"},
    "pattern": {"text"},
    "hint": {"text"},
    "least": {"number"},
    "most": {"number"},
    "whole": {"number"},
    "earliest": {"date"},
    "latest": {"date"},
    "stars": {"rating"},
}


def slips(nodes: Sequence[AnyNode]) -> Iterator[Slip]:
    """Everything that keeps these nodes from being walked; nothing when they can be."""
    names = [node.key for node in nodes]
    for number, node in enumerate(nodes):
        if node.key in names[:number]:
            yield ("nodes", number, "key"), f"two nodes are called “{node.key}”"
        for path, said in _of_node(node):
            yield ("nodes", number, *path), said
    lost = [
        (("nodes", number, *path), f"node “{node.key}” goes to “{name}”, which is not there")
        for number, node in enumerate(nodes)
        for path, name in named(node)
        if name not in names
    ]
    yield from lost
    # a graph with holes or twins tells nothing more
    if not lost and len(set(names)) == len(names):
        yield from _of_the_way(nodes)


def named(node: AnyNode) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every node that this one names, and where it does."""
    if node.next is not None:
        yield ("next",), node.next
    match node:
        case GotoNode(to=to):
            yield ("to",), to
        case BranchNode(cases=cases):
            for place, case in enumerate(cases):
                yield ("cases", place, "to"), case.to
        case AskNode() | ChooseNode() | ConsentNode() | WaitNode() if node.otherwise is not None:
            yield ("otherwise",), node.otherwise
    if isinstance(node, ChooseNode):
        for place, option in enumerate(node.options):
            if option.next is not None:
                yield ("options", place, "next"), option.next


def _of_the_way(nodes: Sequence[AnyNode]) -> Iterator[Slip]:
    ways = {node.key: _ways(nodes, number) for number, node in enumerate(nodes)}
    place = {node.key: number for number, node in enumerate(nodes)}
    reached = _reached(nodes[0].key, ways)
    for node in nodes:
        if node.key not in reached:
            what = "question" if isinstance(node, ASKING) else "node"
            yield ("nodes", place[node.key], "key"), f"nothing leads to the {what} “{node.key}”"
    # what stops for an answer or for time breaks a circle
    moving = {
        node.key: [each for each in ways[node.key] if not _stops(nodes[place[each]])]
        for node in nodes
        if not _stops(node)
    }
    told: set[str] = set()
    for node in nodes:
        circle = _reached_after(node.key, moving)
        if node.key in circle and not told & circle:
            told |= circle
            said = f"from “{node.key}” the way leads back to it with no question or wait: it would go round for ever"
            yield ("nodes", place[node.key], "key"), said


def _ways(nodes: Sequence[AnyNode], number: int) -> list[str]:
    """Where a walk can go on to from there."""
    node = nodes[number]
    below = [node.next] if node.next else [each.key for each in nodes[number + 1 : number + 2]]
    match node:
        case EndNode():
            return []
        case GotoNode(to=to):
            return [to]
        case ChooseNode(many=False, optional=False) if all(option.next for option in node.options):
            below = []
    return [*below, *(name for path, name in named(node) if path != ("next",))]


def _stops(node: Node) -> bool:
    # a person takes the chat over until they give it back
    return isinstance(node, (*ASKING, WaitNode, HandoverNode))


def _reached(start: str, ways: Mapping[str, Sequence[str]]) -> set[str]:
    return {start} | _reached_after(start, ways)


def _reached_after(start: str, ways: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    ahead = list(ways.get(start, ()))
    while ahead:
        key = ahead.pop()
        if key not in found:
            found.add(key)
            ahead += ways.get(key, ())
    return found


def _of_node(node: AnyNode) -> Iterator[Slip]:
    match node:
        case GotoNode() | EndNode() if node.next is not None:
            yield ("next",), "leads nowhere from here; take it out"
        case SayNode(text=text) if text is not None and node.media is not None:
            for inner, wording in by_language(text):
                try:
                    check_length(wording, CAPTION_LIMIT)
                except ValueError as error:
                    yield ("text", *inner), str(error)
        case AskNode():
            yield from _of_question(node)
        case ChooseNode():
            yield from _of_choice(node)


def _of_question(node: AskNode) -> Iterator[Slip]:
    # a version from the store tells its defaults too
    told = node.model_dump(exclude_defaults=True)
    for key, kinds in _BELONGS.items():
        if key in told and node.kind not in kinds:
            yield (key,), f"is for a question of kind {' or '.join(sorted(kinds))}, this asks for {node.kind}"
    if node.min_length > node.max_length:
        yield ("min_length",), "is more than max_length, so nothing would fit"
    if node.pattern is not None and node.max_length > LONGEST_TEXT:
        yield ("max_length",), f"is {LONGEST_TEXT} at most beside a pattern"
    if node.least is not None and node.most is not None and node.least > node.most:
        yield ("least",), "is more than most, so nothing would fit"
    # which day “today” is nobody knows yet
    if isinstance(node.earliest, date) and isinstance(node.latest, date) and node.earliest > node.latest:
        yield ("earliest",), "is after latest, so nothing would fit"


def _of_choice(node: ChooseNode) -> Iterator[Slip]:
    for place, option in enumerate(node.options):
        earlier = node.options[:place]
        if option.value in {each.value for each in earlier}:
            yield ("options", place, "value"), f"two options have the value “{option.value}”"
        for inner, label in by_language(option.label):
            if any(label in wordings(each.label) for each in earlier):
                yield ("options", place, "label", *inner), f"two options are labelled “{label}”"
                break
        if node.many and option.next is not None:
            yield ("options", place, "next"), "with many, a choice leads nowhere of its own; use next of the question"
    if not node.many:
        for key in ("least", "most"):
            if key in node.model_dump(exclude_defaults=True):
                yield (key,), "is for many: true"
    elif node.least > (node.most or len(node.options)) or (node.most or 1) > len(node.options):
        yield ("most" if node.most else "least",), f"does not go with {len(node.options)} options"
