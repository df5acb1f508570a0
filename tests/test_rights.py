"""Whatever can be done stands in the one table of who may do what: a command, a button or an address that does not
fails the build."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from bot.commands import ADMINS, CREATORS, EVERYONE
from bot.dispatch import COMMANDS, TAPS
from domain import chat_acts
from domain.access import RULES, Act, Standing
from domain.chat_acts import FILES, PROMPTS, acts_of_command, acts_of_prompt, acts_of_tap
from domain.messages.catalogue import keys
from store.models import Right, Role
from web.api.table import PREFIX, ROUTES
from web.page_acts import PAGES
from web.routes import routes

ROOT = Path(__file__).parents[1]
OWNER = Standing(1, owner=True, rights=frozenset())


def _asked_for() -> set[str]:
    """What somebody may be asked to type or send next, wherever the bot asks for it."""
    found: set[str] = set()
    for path in sorted((ROOT / "bot").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="ask_next"), args=[_, _, ast.Constant(value=str(act)), *_]):
                    found.add(act)
                case ast.Assign(targets=[ast.Name(id="ACTS" | "PROMPTS")], value=value):
                    found |= {each.value for each in ast.walk(value) if isinstance(each, ast.Constant)}
    return found


def test_every_act_has_one_rule_and_every_rule_is_of_an_act():
    assert set(RULES) == set(Act)
    for act, rule in RULES.items():
        kinds = [rule.public, rule.roles is not None, rule.right is not None, rule.owner]
        assert sum(kinds) <= 1, f"{act} is said to be two things"
        # nobody's business can be led, and no account looked after, by a key that leaks
        if rule.owner or rule.roles is not None:
            assert not rule.by_key, act
        # whoever must be there in person is no program, and is known
        if rule.in_person:
            assert not rule.by_key, act
            assert not rule.public, act


def test_every_command_button_and_answer_in_the_chat_is_in_the_table():
    assert set(chat_acts.COMMANDS) == set(COMMANDS)
    assert set(chat_acts.TAPS) == set(TAPS)
    assert set(PROMPTS) == _asked_for()
    assert {*EVERYONE, *CREATORS, *ADMINS} <= set(chat_acts.COMMANDS)
    assert all(acts <= set(RULES) for each in (chat_acts.COMMANDS, chat_acts.TAPS) for acts in _of(each))
    assert {*PROMPTS.values(), *FILES.values()} <= set(RULES)


def _of(table: object) -> list[frozenset[Act]]:
    assert hasattr(table, "values")
    return [done.all_acts for done in table.values()]


def test_every_command_of_a_creator_is_of_a_creator_in_the_table_and_none_of_everybodys_is():
    assert {name for name in CREATORS if not chat_acts.COMMANDS[name].of_creator} == set()
    # of these a creator's own orders are one half
    assert {name for name in EVERYONE if chat_acts.COMMANDS[name].of_creator} == {"orders"}
    assert {name for name in ADMINS if chat_acts.COMMANDS[name].of_instance} == {"admin"}


def test_every_address_is_in_the_table_once():
    addresses = Counter((route.method, route.path) for route in ROUTES)
    assert {address for address, count in addresses.items() if count > 1} == set()
    assert {route.act for route in ROUTES} <= set(RULES)
    pages = {route.path for route in routes() if not route.path.startswith(f"{PREFIX}/")}
    assert pages - set(PAGES) == set(), "say in web/page_acts.py what these do"
    assert set(PAGES) - pages - {"/docs", "/openapi.json"} == set()
    assert set(PAGES.values()) <= set(RULES)


def test_every_right_has_a_name_that_people_read_and_every_role_its_rules():
    assert {f"right-{right}" for right in Right} <= keys()
    assert {right for rule in RULES.values() if (right := rule.right) is not None} == set(Right)
    assert {role for rule in RULES.values() for role in rule.roles or ()} == set(Role)


@pytest.mark.parametrize("act", [act for act, rule in RULES.items() if rule.of_creator])
def test_an_owner_may_do_all_of_a_creators_business_and_a_stranger_to_a_right_nothing_of_it(act: Act):
    assert OWNER.may(act)
    assert not Standing(1, owner=False, rights=frozenset()).may(act)
    enough = RULES[act].enough
    assert not Standing(1, owner=False, rights=frozenset(Right) - enough).may(act)
    assert all(Standing(1, owner=False, rights=frozenset({each})).may(act) for each in enough)
    assert Standing(1, owner=False, rights=frozenset(Right)).may(act) == bool(enough)


@pytest.mark.parametrize("act", [act for act, rule in RULES.items() if not rule.of_creator])
def test_what_is_no_creators_business_nobody_may_do_as_one(act: Act):
    assert not Standing(1, owner=False, rights=frozenset(Right)).may(act)


@pytest.mark.parametrize(
    ("line", "act"),
    [
        ("/broadcast", Act.SEE_BROADCASTS),
        ("/broadcast #12", Act.SEE_BROADCASTS),
        ("/broadcast all Hello", Act.CHANGE_BROADCASTS),
        ("/broadcast 12 list", Act.CHANGE_BROADCASTS),
        ("/lead 12", Act.SEE_LEADS),
        ("/lead 12 TAG vip", Act.CHANGE_LEADS),
        ("/lead 12 Write hi", Act.WRITE_TO_LEADS),
        ("/lead 12 forget", Act.REMOVE_LEADS),
        ("/lead 12 give 7 A gift", Act.GIVE_RIGHTS),
        ("/lead 12 enroll care", Act.RUN_FUNNELS),
        ("/lead add Anna", Act.CHANGE_LEADS),
        ("/tag vip", Act.SEE_LEADS),
        ("/idea", Act.SEE_IDEAS),
        ("/idea 12", Act.SEE_IDEAS),
        ("/idea find tour", Act.SEE_IDEAS),
        ("/idea 12 draft", Act.CHANGE_IDEAS),
        ("/idea add Tour", Act.CHANGE_IDEAS),
        ("/tag 12 vip", Act.CHANGE_LEADS),
        ("/product 3", Act.SEE_PRODUCTS),
        ("/product 3 price 5", Act.CHANGE_PRODUCTS),
        ("/product stock 3 5", Act.CHANGE_PRODUCTS),
        ("/refund 3", Act.REFUND),
        ("/funnels welcome", Act.SEE_FUNNELS),
        ("/funnels pause welcome", Act.STOP_FUNNELS),
        ("/funnels welcome RESUME shift", Act.RUN_FUNNELS),
        ("/funnels start welcome 12", Act.RUN_FUNNELS),
        ("/funnels archive welcome", Act.CHANGE_FUNNELS),
        ("/funnels simulate welcome 12", Act.SEE_FUNNELS),
        ("/leads save vip tag:vip", Act.CHANGE_SEGMENTS),
        ("/orders mine", Act.SEE_PURCHASES),
        ("/orders export paid", Act.EXPORT_ORDERS),
        ("/export", Act.EXPORT_LEADS),
        ("/stats uncertain", Act.SEE_BUSINESS),
        ("/stats uncertain again 12", Act.SETTLE_MESSAGES),
        ("/tickets 3 solved", Act.WORK_ON_TICKETS),
        ("/team", Act.SEE_TEAM),
        ("/team invite view", Act.LEAD_TEAM),
        ("/admin", Act.LOOK_AFTER_INSTANCE),
    ],
)
def test_what_a_line_does_is_read_from_its_words(line: str, act: Act):
    name, _, arguments = line.removeprefix("/").partition(" ")
    assert acts_of_command(name, arguments)[0] is act


@pytest.mark.parametrize(
    ("data", "act"),
    [
        ("bc:12:show", Act.SEE_BROADCASTS),
        ("bc:12:yes:3", Act.SEND_BROADCASTS),
        ("bc:12:at:3:0:2026-12-01T10:00", Act.SEND_BROADCASTS),
        ("bc:12:v:0", Act.CHANGE_BROADCASTS),
        ("bc:12:anything", Act.CHANGE_BROADCASTS),
        ("lead:show:12:3:0", Act.SEE_LEADS),
        ("lead:block:12", Act.CHANGE_LEADS),
        ("lead:merge:12:0:0:13", Act.REMOVE_LEADS),
        ("order:back:7:100:100:k", Act.REFUND),
        ("order:ship:7", Act.CHANGE_ORDERS),
        ("order:pay:7", Act.BUY),
        ("products:3:contents:0", Act.SEE_PRODUCTS),
        ("products:3:contents:0:4", Act.CHANGE_PRODUCTS),
        ("products:3:paylink:make:0", Act.CHANGE_PRODUCTS),
        ("fn:3:late:once", Act.RUN_FUNNELS),
        ("fn:draft:3:keep", Act.CHANGE_FUNNELS),
        ("fn:park:again:3:0:0", Act.RUN_FUNNELS),
        ("ideas:3:filter", Act.SEE_IDEAS),
        ("ideas:3:tag:abc", Act.SEE_IDEAS),
        ("ideas:3:new", Act.CHANGE_IDEAS),
        ("idea:1:12:show:0:0", Act.SEE_IDEAS),
        ("idea:1:12:notes:0:0", Act.SEE_IDEAS),
        ("idea:1:12:notes:0:0:1", Act.SEE_IDEAS),
        ("idea:1:12:notes:0:0:none", Act.CHANGE_IDEAS),
        ("idea:1:12:link:0:0:make", Act.CHANGE_IDEAS),
        ("idea:1:12:move:0:0:draft", Act.CHANGE_IDEAS),
        ("idea:1:12:delete:0:0:yes", Act.CHANGE_IDEAS),
        ("review:3:answer", Act.ANSWER_REVIEWS),
        ("review:3:hide", Act.LOOK_AFTER_INSTANCE),
        ("settle:list:1:0", Act.SEE_BUSINESS),
        ("settle:sent:all:1:0:9", Act.SETTLE_MESSAGES),
        ("ticket:3:solved", Act.WORK_ON_TICKETS),
        ("team:leave:1:yes", Act.SEE_TEAM),
        ("team:gone:1:3", Act.LEAD_TEAM),
    ],
)
def test_what_a_button_does_is_read_from_what_stands_behind_it(data: str, act: Act):
    kind, *arguments = data.split(":")
    assert acts_of_tap(kind, arguments)[0] is act


def test_what_nobody_has_put_into_the_table_nobody_may_do():
    for asked in (lambda: acts_of_command("new", ""), lambda: acts_of_tap("new", []), lambda: acts_of_prompt("new")):
        with pytest.raises(KeyError):
            asked()
