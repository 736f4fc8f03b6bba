"""Conditions that people write: what they mean, what is refused, and that nothing hostile gets through."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from swf_remote.alarms.detecting.expressions.compiling import ExpressionError, compiled
from swf_remote.alarms.detecting.expressions.operations import CannotTell
from swf_remote.alarms.detecting.parameters import ParameterError
from swf_remote.alarms.inputs.queries import InputError
from tests.remote.alarms.detecting.worlds import NOW, activity, counts, covers, detected, hours_ago, named, task


def holds(text: str, of: Any = None, over: str = "tasks") -> bool:
    found = compiled(text, over).holds(of if of is not None else task(), NOW)
    assert isinstance(found, bool)
    return found


def refusal(text: str, over: str = "tasks") -> str:
    with pytest.raises(ExpressionError) as caught:
        compiled(text, over)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ('failure_rate > 0.2 and nfinished + nfailed >= 20 and site == "BNL_OSG_1"', False),
        ('failure_rate >= 0.1 and nfinished + nfailed >= 100 and site == "BNL_OSG_1"', True),
        ("nfailed == 10 or nfailed == 11", True),
        ("not nfailed == 10", False),
        ("5 < nfailed <= 10", True),
        ("5 < nfailed < 10", False),
        ("nfailed / nfinished > 0.11", True),
        ("-nfailed < -9", True),
        ("nfailed * 2 - 5 == 15", True),
        ('site in ("A", "BNL_OSG_1")', True),
        ('site not in ["A"]', True),
        ('"craterlake" in taskname', True),
        ('campaign == "26.11.0"', True),
        ('like(taskname, "group.EIC.26.11.%")', True),
        ('like(username, "bob%")', False),
        ('lower(site) == "bnl_osg_1"', True),
        ("hours_since(created) >= 200 and hours_since(created) < 201", True),
        ("max(nfailed, nfinished) == 90 and min(nfailed, nfinished, 3) == 3", True),
        ("abs(nfailed - nfinished) == 80", True),
        ('status != "done"', True),
        ("  nfailed\n  > 3 ", True),
    ],
)  # fmt: skip
def test_what_an_expression_means(text: str, truth: bool) -> None:
    assert holds(text) is truth


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("failure_rate > 0", False), ("failure_rate <= 0", False), ("0 >= failure_rate", False),
        ("failure_rate + 1 > 0", False), ("failure_rate == None", True), ("failure_rate is not None", False),
        ("default(failure_rate, 1) >= 1", True), ("nfailed / nfailed > 0", False), ("max(failure_rate, 1) == 1", False),
        ("hours_since(started) > 0", False), ("not failure_rate > 0", True), ("abs(failure_rate) >= 0", False),
    ],
)  # fmt: skip
def test_a_missing_figure_fulfils_no_comparison(text: str, truth: bool) -> None:
    assert holds(text, task(failure_rate=None, nfailed=0, started=None)) is truth


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("failrate > 0.2", "failrate: no such field of tasks; there are campaign, created, failure_rate"),
        ("nfailed", "is a number; allowed: a condition"),
        ("nfailed and nfinished > 1", "nfailed: is a number; needed: a condition"),
        ("site > 5", "site > 5: compares text with a number"),
        ('site == 5', "compares text with a number"),
        ("created > 5", "of times use hours_since(time)"),
        ('taskname + "x" == "y"', "taskname: is text; needed: a number"),
        ('"x" * 1000000000 == taskname', "needed: a number"),
        ("nfailed in taskname", "nfailed: is a number; needed: text"),
        ('nfailed in ("a", 2)', "nfailed: is a number; the list holds text"),
        ("nfailed in (nfinished, 2)", "allowed after in: a list of texts or numbers"),
        ("nfailed >", "is not understood at character"),
        ("nfailed > 1; nfailed > 2", "is not understood"),
        ("nfailed = 2", "is not understood"),
        ("", "is empty"),
        ("nfailed > 1 # and more", "there are no comments"),
        ("like(taskname, site)", "site: not allowed; allowed: a text"),
        ("like(taskname)", "is called so: like(text, 'pattern%')"),
        ("round(nfailed) > 1", "no such function; there are like("),
        ("nfailed is 5", "is compares with None alone"),
        ("nfailed > 1e16", "not allowed; allowed: texts, numbers up to 1e+15"),
        ("nfailed > 1j", "not allowed"),
        ("nfailed > " + "9" * 500, "not allowed"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_what_is_allowed(text: str, told: str) -> None:
    assert told in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('id') == 0", "().__class__.__bases__[0] == 1", "nfailed.__class__ == 1",
        "taskname.format(site) == 'x'", "'{0.__class__}'.format(nfailed) == 'x'", "f'{nfailed}' == 'x'",
        "9 ** 9 ** 9 > nfailed", "nfailed ** 2 > 1", "1 << 1000000 > nfailed", "nfailed % 2 == 1", "nfailed // 2 > 1",
        "(lambda: nfailed)() > 1", "[x for x in taskname] == 1", "(x := 5) > 1", "nfailed if nfailed else 1",
        "taskname[0] == 'g'", "taskname[0:99999] == 'g'", "like(*taskname)", "like(text=taskname, pattern='%')",
        "{'a': 1} == nfailed", "eval('1') == 1", "holds == 1", "self == 1", "await nfailed", "...", "b'x' == site",
        "nfailed > 1 if True else False", "print(nfailed) == None", "nfailed @ nfailed > 1", "~nfailed > 1",
        "'\\x00' == site", "site == '\0'", "(yield) == 1", "getattr(nfailed, 'x') == 1", "min() > 1", "max(*[1]) > 1",
    ],
)  # fmt: skip
def test_what_is_no_part_of_the_language_is_refused(text: str) -> None:
    for over in ("tasks", "sites"):
        assert refusal(text, over)


@pytest.mark.parametrize(
    "text",
    ["(" * 500 + "nfailed" + ")" * 500, "not " * 240 + "nfailed > 1", "-" * 900 + "1 > nfailed", "[" * 400,
     " and ".join(["nfailed>1"] * 95), "nfailed" + "+1" * 480 + " > 1", "a" * 1001, "nfailed > 1" + " " * 2000,
     "x" + ".y" * 490 + " > 1", "min(" * 60 + "1" + ")" * 60 + "> 1"],
    ids=range(10),
)  # fmt: skip
def test_length_and_depth_are_bounded(text: str) -> None:
    begin = time.process_time()
    assert refusal(text, "rest" if text.startswith("x.") else "tasks")
    assert time.process_time() - begin < 2


PIECES = [
    *"ab1. ()[]'\"+-*/<>=!,:{}%\\\n\x00é_", "nfailed", " and ", " not ", " in ", "like(", "lambda ", "__class__",
    " if ", " for ", "None", "\ud800", "1e999",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@example("\ud800 > 1")
@example("1e999 > nfailed")
def test_any_text_is_read_or_refused(text: str) -> None:
    for over in ("tasks", "rest"):
        try:
            read = compiled(text, over)
        except ExpressionError:
            continue
        try:
            assert isinstance(read.holds(task() if over == "tasks" else {"a": 1, "nfailed": 2}, NOW), bool)
        except CannotTell:
            assert over == "rest"


def test_tasks_that_match_are_told_with_the_figures_that_were_used() -> None:
    rule = {"expression": "failure_rate > 0.2 and nfailed >= 10"}
    finding = detected("expression", rule, (task(1, failure_rate=0.5), task(2)))
    (match,) = finding.matches
    assert match.fingerprint == "task:1"
    assert match.values == {"failure_rate": 0.5, "nfailed": 10}
    assert match.metric == "failure_rate 0.5, nfailed 10"
    assert match.labels["campaign"] == "26.11.0"
    assert covers(finding, "task:2")


def test_what_fires_goes_on_while_the_second_condition_holds() -> None:
    rule = {"expression": "nfailed > 20", "while_firing": "nfailed > 5"}
    assert named(detected("expression", rule, (task(1), task(2)), firing=["task:2"])) == ["task:2"]


def test_sites_and_users_have_their_jobs_by_state() -> None:
    rule = {"over": "sites", "expression": "failed / (failed + finished) > 0.3 and running == 0"}
    found = activity([counts("A", failed=5, finished=5), counts("B", failed=5, running=1)], [counts("bob", failed=9)])
    (match,) = detected("expression", rule, found).matches
    assert (match.fingerprint, match.labels) == ("site:A", {"site": "A"})
    users = detected("expression", {"over": "users", "expression": 'name == "bob" and failed > 8'}, found)
    assert named(users) == ["user:bob"]


ANSWER: dict[str, Any] = {
    "jobs": {"total": 12, "by_status": {"failed": 7, "running": 5}, "by_site": [
        {"site": "A", "total": 3}, {"site": "B"},
    ]},
    "filters": {"days": 1}, "at": "2026-11-29T10:00:00", "ok": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ('jobs.by_status.failed > 5 and jobs.by_status["running"] == 5', True),
        ("default(jobs.by_status.cancelled, 0) > 3", False),
        ("jobs.by_site[0].total == 3", True),
        ('jobs.by_site[1].site == "B"', True),
        ("hours_since(at) == 2", True),
        ("ok", True),
        ("not ok", False),
        ('"failed" in jobs', False),
    ],
)  # fmt: skip
def test_an_answer_is_looked_at_field_by_field(text: str, truth: bool) -> None:
    if text.startswith('"'):
        with pytest.raises(CannotTell, match="no text"):
            holds(text, ANSWER, "rest")
    else:
        assert holds(text, ANSWER, "rest") is truth


def test_a_field_that_is_not_there_cannot_be_judged() -> None:
    rule = {"over": "rest", "path": "activity/?days=1", "expression": "jobs.by_state.failed > 5"}
    with pytest.raises(
        InputError, match=r"the answer has no jobs.by_state.failed .*there are total, by_status, by_site"
    ):
        detected("expression", rule, ANSWER)


@pytest.mark.parametrize("text", [
    "jobs > 5", "at > 5", "jobs.total + at > 1", "hours_since(jobs) > 1", "jobs.total.x > 1", "ok + 1 > 1",
    "jobs.total and ok",
])  # fmt: skip
def test_a_field_of_another_kind_cannot_be_judged(text: str) -> None:
    with pytest.raises(CannotTell):
        holds(text, ANSWER, "rest")


def test_each_item_of_a_list_is_looked_at() -> None:
    rule = {"over": "rest", "path": "activity/?days=1", "items": "jobs.by_site", "key": "site",
            "expression": "default(total, 0) > 2"}  # fmt: skip
    finding = detected("expression", rule, ANSWER)
    assert named(finding) == ["rest:A"]
    assert finding.matches[0].labels == {"item": "A"}
    assert covers(finding, "rest:B")


@pytest.mark.parametrize(
    "path", ["", "http://example.org/", "../secret/", "/etc/", "a/../../b/", "activity/?x=\n", "a b/"]
)
def test_an_address_outside_the_interface_is_refused(path: str) -> None:
    with pytest.raises(ParameterError, match="path: "):
        detected("expression", {"over": "rest", "path": path, "expression": "a > 1"}, {})


def test_a_faulty_expression_is_refused_when_the_alarm_is_saved() -> None:
    with pytest.raises(ParameterError, match=r"^expression: failrate: no such field of tasks; there are"):
        detected("expression", {"expression": "failrate > 1"}, ())
    with pytest.raises(ParameterError, match=r"^while_firing: "):
        detected("expression", {"expression": "nfailed > 1", "while_firing": "x"}, ())


def test_times_are_told_as_text() -> None:
    (match,) = detected(
        "expression", {"expression": "hours_since(modified) > 1"}, (task(modified=hours_ago(2)),)
    ).matches
    assert match.values == {"modified": "2026-11-29T10:00:00+00:00"}
