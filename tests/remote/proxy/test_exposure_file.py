"""The exposure table as a file: what its rows mean, and in which words a wrong one is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.proxy.policy.exposure import Part
from swf_remote.proxy.policy.exposure_file import SHIPPED, ExposureError, parsed, read_exposure
from swf_remote.proxy.policy.patterns import in_place
from swf_remote.proxy.policy.rows import READ, WRITE, Access, Cache, Identity, Kind, Rewriting, Route

ROOT = Path(__file__).resolve().parents[3]
# Keys in the comment at the head of the shipped file.
EXPLAINED = {line.split()[1] for line in SHIPPED.read_text().splitlines() if re.match(r"#   \w", line)}


def row(text: str) -> Route:
    return parsed(f"routes = [{{ {text} }}]").routes[0]


def faults(text: str) -> list[str]:
    with pytest.raises(ExposureError) as refused:
        parsed(text)
    return refused.value.lines


def fault(text: str) -> str:
    (line,) = faults(f'routes = [{{ path = "about/" }}, {{ {text} }}]')
    return line


# ----- what rows mean


def test_a_short_row_is_a_public_page_that_is_read() -> None:
    found = row('path = "about/"')
    assert found == Route(
        "about/", READ, rewriting=Rewriting.TEXT, cache=Cache.SHARED, sample="about/", first_byte=90.0, number=1
    )


@pytest.mark.parametrize(
    ("text", "rewriting", "cache"),
    [
        ('path = "a/**"', "text", "shared"),
        ('path = "a/**", kind = "data"', "text", "shared"),
        ('path = "a/**", kind = "static"', "files", "static"),
        ('path = "a/**", kind = "stream"', "none", "none"),
        ('path = "a/**", identity = "reader"', "text", "private"),
        ('path = "a/**", effects = true', "text", "none"),
        ('path = "a/**", effects = true, cache = "shared"', "text", "shared"),
        ('path = "a/**", methods = "write", who = "login", identity = "reader"', "text", "none"),
        ('path = "a/**", changes = true, who = "staff", identity = "reader"', "text", "none"),
        ('path = "a/**", rewriting = "none"', "none", "shared"),
    ],
)
def test_what_a_row_leaves_out_follows_from_what_it_says(text: str, rewriting: str, cache: str) -> None:
    assert (row(text).rewriting, row(text).cache) == (rewriting, cache)


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ('path = "a/**"', "misses"),
        ('path = "a/**", kind = "data"', "misses"),
        ('path = "a/**", kind = "static"', "files"),
        ('path = "a/**", query = "refresh", effects = true', "refreshes"),
        ('path = "a/**", query = "tab"', "misses"),
        ('path = "a/**", budget = "logs"', "logs"),
        ('path = "a/**", kind = "static", budget = "misses"', "misses"),
    ],
)
def test_a_row_says_from_which_budget_its_reads_are_taken(text: str, budget: str) -> None:
    assert row(text).budget == budget


@pytest.mark.parametrize(
    ("written", "methods"), [("read", READ), ("write", WRITE), ("POST", ("POST",)), ("GET HEAD", ("GET", "HEAD"))]
)
def test_methods_are_groups_or_names(written: str, methods: tuple[str, ...]) -> None:
    assert row(f'path = "a/", methods = "{written}", who = "login", identity = "reader"').methods == methods


def test_a_row_may_be_about_requests_with_one_parameter() -> None:
    table = parsed('routes = [{ path = "prod/", query = "tab", effects = true }, { path = "prod/" }]')
    numbers = [table.decide("GET", "prod/", query) for query in (b"", b"tab=ops", b"a=1&t%61b", b"x=tab", b"tabs=1")]
    assert [one.row.number if one.row else 0 for one in numbers] == [2, 1, 1, 2, 2]


def test_a_row_may_let_further_headers_pass() -> None:
    assert row('path = "a/", headers = "X-Plot-Width x-dpr"').headers == {"x-plot-width", "x-dpr"}


@pytest.mark.parametrize(
    ("pattern", "path", "key"),
    [
        ("runs/<int>/", "runs/17/", "17"),
        ("runs/<int>/", "runs/17", "17"),
        ("runs/<name>/log/**", "runs/a b/log/x/y", "a b"),
        ("runs/", "runs/", ""),
        ("runs/**", "runs/17/", ""),
    ],
)
def test_a_row_may_offer_a_slot_with_the_key_in_its_path(pattern: str, path: str, key: str) -> None:
    found = row(f'path = "{pattern}", slot = "run"')
    assert found.slot == "run"
    assert in_place(found.pattern, path) == key


def test_limits_are_numbers_of_seconds_and_bytes() -> None:
    found = row('path = "a/", first_byte = 5, upload = 2_000_000, head_as_get = true')
    assert (found.first_byte, found.upload, found.head_as_get) == (5.0, 2_000_000, True)


def test_the_file_also_names_inside_parts_hosts_and_form_fields() -> None:
    table = parsed(
        'routes = [{ path = "a/" }]\n'
        'inside = [{ path = "logs/**", what = "Logs" }]\n'
        'asset_hosts = ["https://cdn.example.org"]\n'
        'form_fields = ["next"]\n'
    )
    assert table.inside == (Part("logs/**", "Logs"),)
    assert (table.asset_hosts, table.form_fields) == (("https://cdn.example.org",), frozenset({"next"}))


# ----- the shipped file


def test_the_shipped_file_is_a_table_with_everything_that_others_read_from_it() -> None:
    table = read_exposure()
    assert len(table.routes) > 20
    assert "https://cdn.jsdelivr.net" in table.asset_hosts
    assert "next" in table.form_fields


def test_the_shipped_file_has_one_row_per_line() -> None:
    lines = [line for line in SHIPPED.read_text().splitlines() if line.lstrip().startswith("{ path")]
    table = read_exposure()
    assert len(lines) == len(table.routes) + len(table.inside)
    assert max(map(len, lines)) <= 120


def test_every_key_of_a_row_is_explained_in_the_shipped_file() -> None:
    used = faults('routes = [{ path = "a/", no_such_key = 1 }]')[0].partition("known are ")[2].split(", ")
    assert set(used) == EXPLAINED


def test_the_file_travels_with_the_package() -> None:
    assert SHIPPED.is_relative_to(ROOT / "src" / "swf_remote")


# ----- what is refused


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('path = "x/", wo = "public"', "row 2 (x/): has the unknown key 'wo'; known are path, methods, who,"),
        ('path = "x/", who = "publik"', "who is 'publik': it must be public, login, staff or closed"),
        ('path = "x/", identity = "me"', "identity is 'me': it must be none or reader"),
        ('path = "x/", kind = 3', "kind is 3: it must be page, data, static or stream"),
        ('path = "x/", kind = ["page"]', "it must be page, data, static or stream"),
        ('path = "x/", cache = "long"', "it must be none, private, shared or static"),
        ('path = "x/", rewriting = "yes"', "it must be none, text, cells or files"),
        ('path = "x/", methods = "GETS"', '"read", "write" or some of GET HEAD'),
        ('path = "x/", methods = "GET GET"', "some of GET HEAD"),
        ('path = "x/", methods = ""', "some of GET HEAD"),
        ('path = "x/", methods = "TRACE"', "some of GET HEAD"),
        ('who = "public"', "row 2: has no 'path'"),
        ('path = "/x/"', "a path relative to the mount"),
        ('path = "x//y"', "a path relative to the mount"),
        ('path = "x?y"', "a path relative to the mount"),
        ('path = "<a b>/"', "a path relative to the mount"),
        ("path = 7", "a path relative to the mount"),
        ('path = "x/", first_byte = 0', "seconds, more than 0"),
        ('path = "x/", first_byte = true', "seconds, more than 0"),
        ('path = "x/", first_byte = "5s"', "seconds, more than 0"),
        ('path = "x/", upload = -1', "a number of bytes"),
        ('path = "x/", headers = "X-A Cookie"', "names of request headers"),
        ('path = "x/", headers = "X-Forwarded-For"', "names of request headers"),
        ('path = "x/", headers = "X_Remote_User"', "names of request headers"),
        ('path = "x/", headers = ""', "names of request headers"),
        ('path = "x/", effects = "yes"', "true or false"),
        ('path = "x/", shows = "y/**"', "one path relative to the mount"),
        ('path = "x/", query = "a b"', "the name of a query parameter"),
        ('path = "x/", url_within = "http://h/"', "an address such as https://host/path/"),
        ('path = "x/", refusal = "no"', "refusal is 'no': it must be private-data,"),
        ('path = "x/", who = "closed"', "is closed, and so needs a refusal"),
        ('path = "x/", refusal = "logs"', "has a refusal, but is not closed"),
        ('path = "x/", who = "closed", refusal = "logs", effects = true', "nothing but path, who and refusal"),
        ('path = "x/", methods = "write"', "writes, and so needs who = login or staff, and identity = reader"),
        ('path = "x/", methods = "POST", who = "login"', "writes, and so needs"),
        ('path = "x/", methods = "POST", identity = "reader"', "writes, and so needs"),
        ('path = "x/", changes = true', "writes, and so needs"),
        ('path = "x/", identity = "reader", cache = "shared"', "cache must be private or none"),
        ('path = "x/", kind = "stream", rewriting = "text"', "rewriting must be none"),
        ('path = "x/**", sample = "y/"', "has the sample y/, which is none of its pages"),
        ('path = "x/", slot = "Task"', "slot is 'Task': it must be a word of small letters"),
        ('path = "x/", slot = true', "a word of small letters"),
        ('path = "x/", kind = "data", slot = "task"', "has a slot, and so must be a page"),
        ('path = "x/", rewriting = "none", slot = "task"', "has a slot, and so must be a page that is rewritten"),
        ('path = "<a>/<int>/", slot = "task"', "can have only one <name> or <int>"),
        ('path = "x/", who = "closed", refusal = "logs", slot = "task"', "nothing but path, who and refusal"),
        ('path = "about/"', "row 2 (about/): never decides, since row 1 covers the same"),
    ],
)
def test_a_wrong_row_is_refused_with_its_number_and_what_is_allowed(text: str, words: str) -> None:
    assert words in fault(text)


@pytest.mark.parametrize(
    "path",
    [
        "admin/**",
        "Admin/",
        "admin/auth/<name>/",
        "accounts/login/",
        "api/users/",
        "api/users/<int>/",
        "api/users.json",
        "logs/**",
        "mcp/",
        "o/**",
        "api/state/**",
        "pcs/api/tokens/",
        "system/sysconfig/",
    ],
)
def test_no_file_opens_what_is_closed_in_code(path: str) -> None:
    assert "opens what no table can open" in fault(f'path = "{path}"')
    assert "opens what no table can open" in fault(f'path = "x/", shows = "{path.replace("**", "").split("<")[0]}"')


def test_every_fault_of_a_file_is_told() -> None:
    lines = faults(
        'routes = [{ path = "a/", who = "x", kind = "y" }, 3]\ninside = [{ path = "b/" }]\nasset_hosts = ["*"]'
    )
    assert [line.split(":")[0] for line in lines] == [
        "row 1 (a/)",
        "row 1 (a/)",
        "row 2",
        "inside, entry 1",
        "asset_hosts holds '*'",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no rows"),
        ("routes = 3", "has 'routes' that is no list"),
        (
            "rows = []",
            "has the unknown key 'rows'; known are routes, inside, asset_hosts, form_fields, noise",
        ),
        ("routes = [", "is no TOML"),
        ('routes = [{ path = "a/" }]\nasset_hosts = ["https://h; script-src *"]', "an origin such as https://host"),
        ('routes = [{ path = "a/" }]\nasset_hosts = ["http://cdn.example.org"]', "an origin such as https://host"),
        ('routes = [{ path = "a/" }]\nform_fields = [1]', "the name of a form field"),
    ],
)
def test_a_file_that_is_no_table_is_refused(text: str, words: str) -> None:
    assert words in faults(text)[0]


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    for file, words in ((tmp_path / "none.toml", "No such file"), (tmp_path, "directory"), (binary, "UTF-8")):
        with pytest.raises(ExposureError, match=words):
            read_exposure(file)


VALUES = st.one_of(
    st.booleans(), st.integers(), st.sampled_from(["public", "reader", "page", "x/", "GET", "closed", "none"])
)


@given(st.dictionaries(st.sampled_from(sorted(EXPLAINED)), VALUES, max_size=6))
def test_any_row_is_a_route_or_refused_in_words(values: dict[str, object]) -> None:
    written = ", ".join(
        f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value).replace(chr(39), chr(34))}"
        for key, value in values.items()
    )
    try:
        route = row(written)
    except ExposureError as error:
        assert all(line.startswith("row 1") for line in error.lines)
        return
    if any(route.writes(method) for method in route.methods):
        assert route.access in (Access.LOGIN, Access.STAFF)
        assert route.identity is Identity.READER
    assert (route.kind is Kind.STREAM) <= (not route.rewrites)
