"""The rules of the house that no linter knows: each is read off the code itself."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from fluent.syntax import FluentParser
from fluent.syntax import ast as fluent
from fluent.syntax.visitor import Visitor

from bot.commands import ADMINS, CREATORS, EVERYONE
from bot.dispatch import COMMANDS
from domain.flows.nodes import AskNode
from domain.messages.catalogue import keys, source
from kit.errors import Refusal
from store.models import Base, EnrollmentState, FlowRunState, LeadStage, OrderState, OutboxKind, OutboxState

ROOT = Path(__file__).parents[1]
FLOORS = ("app", "automations", "bot", "domain", "kit", "payments", "store", "web")
LONGEST = 350


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _files(*folders: str) -> list[Path]:
    return [
        path
        for folder in folders or (*FLOORS, "playground")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "versions" not in path.parts
    ]


def _place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def _calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the last part of its name."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Attribute(attr=name) | ast.Name(id=name):
                    yield name, node


def test_transactions_are_opened_and_committed_in_one_file_only():
    found = [
        _place(path, call)
        for path in _files(*FLOORS)
        for name, call in _calls(path)
        if name in {"begin", "commit", "rollback"} and isinstance(call.func, ast.Attribute)
    ]
    assert {place.partition(":")[0] for place in found} == {"store/database.py"}


def test_only_the_clock_reads_the_wall_clock():
    forbidden = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
    found = [
        _place(path, call)
        for path in _files()
        for _, call in _calls(path)
        if ".".join(ast.unparse(call.func).split(".")[-2:]) in forbidden
    ]
    assert {place.partition(":")[0] for place in found} == {"kit/clock.py"}


def test_below_the_edges_time_is_handed_over():
    found = [
        _place(path, node)
        for path in _files("domain", "store")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.alias | ast.ImportFrom) and "kit.clock" in ast.unparse(node)
    ]
    assert found == []


def test_no_file_is_longer_than_one_idea():
    pages = [path for suffix in ("js", "html", "ftl") for path in ROOT.glob(f"*/**/*.{suffix}")]
    shipped = [path for path in pages if path.relative_to(ROOT).parts[0] in {*FLOORS, "playground"}]
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in [*_files(), *shipped]}
    assert {str(path): length for path, length in lengths.items() if length > LONGEST} == {}


def test_no_file_is_called_after_nothing():
    nameless = {"utils", "util", "helpers", "helper", "common", "misc", "tools_"}
    assert [path for path in _files() if path.stem in nameless] == []


def test_no_error_is_swallowed_in_silence():
    swallowed = []
    for path in _files():
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ExceptHandler):
                kind = ast.unparse(node.type) if node.type else "BaseException"
                silent = all(isinstance(line, ast.Pass) for line in node.body)
                if silent and kind in {"Exception", "BaseException"}:
                    swallowed.append(_place(path, node))
    assert swallowed == []


def test_nothing_is_left_for_later():
    later = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert [str(path) for path in _files() if later.search(path.read_text("utf-8"))] == []


BELONGS_TO_A_CREATOR = {
    *("api_key", "creator_profile", "creator_platform"),
    *("lead", "product", "order", "idea", "event", "enrollment", "funnel_version", "flow_version"),
    *("flow_head", "hook"),
    *("outbox_message", "stored_file", "membership"),
    *("lead_field", "lead_tag", "lead_word", "lead_note", "lead_view", "idea_view", "consent", "segment"),
    *("idea_tag", "idea_move", "idea_post", "idea_digest", "idea_count"),
    *("link", "touch", "tracked_url", "transfer"),
    *("discount_code", "payment_link", "review"),
    *("funnel", "cron_firing", "segment_watch", "start_by_hand", "funnel_draft"),
    *("broadcast", "decision", "step_count", "outgoing_call"),
    "ticket",
}
# a part of a row that carries it, or of no creator at all
OF_ANOTHER_ROW = {
    *("external_identity", "sign_in", "refresh_token", "one_time_code", "profile", "repeatable", "rate_count"),
    *("invitation", "product_word", "account_word"),
    *(
        "flow_run",
        "flow_timer",
        "prompt",
        "transfer_problem",
        "lookup_key",
        "order_line",
        "payment",
        "entitlement",
        "timer",
        "file_handle",
        "bind_token",
    ),
    *("product_variant", "bundle_item", "upsell", "licence_key", "reservation", "discount_use", "refund", "dispute"),
    *("segment_member", "broadcast_recipient"),
    "upload_link",
    *("channel_pass", "download_link", "download", "rail_customer"),
    *("creator", "person", "account", "lease", "telegram_update", "provider_event", "rail_cursor", "channel"),
    *("clock_jump", "planning_span"),
    *("hook_message", "hook_try"),
    *("idea_check", "idea_product", "idea_attachment"),
}


def test_every_row_that_belongs_to_a_creator_says_to_whom():
    for name in BELONGS_TO_A_CREATOR:
        column = Base.metadata.tables[name].columns["creator_id"]
        assert not column.nullable, name
        assert [key.target_fullname for key in column.foreign_keys] == ["creator.id"], name


def test_every_table_is_known_to_belong_to_a_creator_or_not():
    assert set(Base.metadata.tables) == BELONGS_TO_A_CREATOR | OF_ANOTHER_ROW


# Texts for people ---------------------------------------------------------------------------------------------

SPEAKERS = {"say", "plain", "words", "refusal", "WrongAnswer", "Reason"}
SPEAKING = ("automations", "bot", "domain", "payments", "app", "web", "store", "kit")


def _words_of(node: ast.expr) -> Iterator[str]:
    """The keys that an argument can come to; a pattern with `*` where a part is filled in."""
    match node:
        case ast.Constant(value=str(key)):
            yield key
        case ast.IfExp(body=one, orelse=other):
            yield from _words_of(one)
            yield from _words_of(other)
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts)


def _matches(pattern: str, key: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".+"), key) is not None


def test_every_text_that_is_spoken_is_in_the_catalogue():
    missing = [
        f"{_place(path, call)}: {key}"
        for path in _files(*SPEAKING)
        for name, call in _calls(path)
        if name in SPEAKERS and call.args
        for key in _words_of(call.args[0])
        if not any(_matches(key, known) for known in keys())
    ]
    assert missing == []


def test_texts_that_are_named_in_part_are_all_in_the_catalogue():
    asked = AskNode.model_fields["kind"].annotation
    kinds = {*getattr(asked, "__args__", ()), "choice"}
    assert {"text", "email", "phone"} < kinds
    commands = {*EVERYONE, *CREATORS, *ADMINS}
    wanted = {f"answer-needs-{kind}" for kind in kinds} | {f"command-{name}" for name in commands}
    assert wanted <= keys()
    assert commands <= {*COMMANDS}


def test_every_text_in_the_catalogue_is_spoken_somewhere():
    constants = {
        word
        for path in _files(*SPEAKING)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Constant | ast.JoinedStr)
        for word in _words_of(node)
    }
    patterns = [word for word in constants if re.fullmatch(r"[a-z]+(-[a-z]+)*-\*", word)]
    assert {
        key for key in keys() if key not in constants and not any(_matches(each, key) for each in patterns)
    } == set()
    assert {key.removeprefix("command-") for key in keys() if key.startswith("command-")} == {
        *EVERYONE,
        *CREATORS,
        *ADMINS,
    }


# what no chat meets: the command line, the API, and checks of what a program sent
ELSEWHERE = {
    *("NotSignedIn", "BadSignature", "CreatorExists", "Overtaken", "UnknownOrder", "Mismatch"),
    *(
        "kit/paging.py",
        "domain/clicks.py",
        "domain/admins.py",
        "domain/administration.py",
        "domain/creators.py",
        "payments/stripe_events.py",
    ),
    *("domain/accounts.py", "domain/passwords.py", "domain/password_links.py", "domain/signing_in.py"),
    *("domain/api_keys.py", "domain/telegram_identity.py"),
    *("domain/profiles.py", "domain/leaving.py"),
    *("domain/account_reviews.py", "domain/handing_out.py", "domain/loose_files.py"),
    *("domain/carts.py", "domain/cart_acts.py", "domain/order_acts.py"),
}
# in words of the person's language already
SPOKEN = {"Said"}


def _codes() -> dict[str, str]:
    """Every kind of refusal, with its code."""
    kinds, waiting = {"Refusal": Refusal.code}, True
    while waiting:
        waiting = False
        for path in _files("kit", "store", "domain", "payments", "bot"):
            for node in ast.walk(_tree(path)):
                if isinstance(node, ast.ClassDef) and node.name not in kinds:
                    above = next(
                        (kinds[base.id] for base in node.bases if isinstance(base, ast.Name) and base.id in kinds), None
                    )
                    if above is not None:
                        kinds[node.name], waiting = _own_code(node) or above, True
    return kinds


def _with_words_of_their_own() -> set[str]:
    """Kinds of refusals that tell why by themselves, whoever raises them."""
    kinds = [
        node
        for path in _files("kit", "store", "domain", "payments", "bot")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ClassDef)
    ]
    found = {kind.name for kind in kinds if any(_gives_why(line) for line in kind.body)}
    # what they are made of may do it for them
    return found | {kind.name for kind in kinds if found & {ast.unparse(base) for base in kind.bases}}


def _gives_why(made: ast.stmt) -> bool:
    return (
        isinstance(made, ast.FunctionDef)
        and made.name == "__init__"
        # one that passes on what it is given tells nothing by itself
        and "why" not in {argument.arg for argument in made.args.kwonlyargs}
        and any(
            "why" in {keyword.arg for keyword in call.keywords}
            for call in ast.walk(made)
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__"
        )
    )


def _own_code(kind: ast.ClassDef) -> str | None:
    for line in kind.body:
        match line:
            case ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(code))):
                return code
    return None


def test_every_refusal_that_a_chat_can_meet_is_told_in_the_readers_language():
    codes = _codes()
    assert {"BadSegment", "CannotMerge", "SoldOut", "RailDown"} <= set(codes)
    by_key = _with_words_of_their_own()
    assert {"WrongAnswer", "RowProblem", "LeadExists"} <= by_key
    silent = [
        f"{_place(path, call)}: {name}"
        for path in _files("kit", "store", "domain", "payments", "bot")
        for name, call in _calls(path)
        if isinstance(call.func, ast.Name)
        and name in codes
        and not {name, str(path.relative_to(ROOT))} & {*ELSEWHERE, *by_key, *SPOKEN}
        and f"refused-{codes[name]}" not in keys()
        and "why" not in {keyword.arg for keyword in call.keywords}
    ]
    assert silent == []


def test_everything_that_can_happen_has_a_name_that_people_read():
    happens = {
        word
        for path in _files("domain", "payments", "automations")
        for name, call in _calls(path)
        if name in {"record_event", "_record"}
        for argument in call.args[:2]
        for word in _words_of(argument)
    }
    assert {"lead.captured", "lead.imported", "order.paid", "link.clicked"} <= happens
    assert {
        each for each in happens if not any(_matches(f"event-{each.replace('.', '-')}", known) for known in keys())
    } == set()


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ("stage", LeadStage),
        ("order-is", OrderState),
        ("flow-is", FlowRunState),
        ("funnel-is", EnrollmentState),
        ("message-is", OutboxState),
        ("message-of", OutboxKind),
    ],
)
def test_every_stage_and_state_of_sparks_own_has_a_name_that_people_read(told: str, known: Iterable[str]):
    assert {f"{told}-{each}" for each in known} <= keys()


class _Variables(Visitor):
    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: fluent.VariableReference) -> None:  # noqa: N802 - the library's name
        self.names.add(node.id.name)


def _variables() -> dict[str, set[str]]:
    found = {}
    for entry in FluentParser().parse(source("en")).body:
        if isinstance(entry, fluent.Message):
            visitor = _Variables()
            visitor.visit(entry)
            found[entry.id.name] = visitor.names
    return found


def test_every_text_gets_the_values_that_it_shows():
    needed = _variables()
    wrong = []
    for path in _files(*SPEAKING):
        for name, call in _calls(path):
            given = {keyword.arg for keyword in call.keywords}
            if name not in SPEAKERS or not call.args or None in given:
                continue
            wrong += [
                f"{_place(path, call)}: {key} lacks {needed[key] - given}"
                for key in _words_of(call.args[0])
                if key in needed and not needed[key] <= given
            ]
    assert wrong == []


def test_the_catalogue_has_each_key_once_and_no_line_that_cannot_be_read():
    body = FluentParser().parse(source("en")).body
    names = [entry.id.name for entry in body if isinstance(entry, fluent.Message)]
    assert sorted(names) == sorted(set(names))
    assert [entry.content for entry in body if isinstance(entry, fluent.Junk)] == []


@pytest.mark.parametrize("folder", ["bot", "web", "domain", "store", "kit", "payments", "automations", "app"])
def test_every_floor_is_there(folder: str):
    assert _files(folder)
