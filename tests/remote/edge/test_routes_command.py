"""``swf-remote routes`` prints the exposure table as it is in force."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from swf_remote.proxy.policy.routes import exposure


def printed(*arguments: str) -> list[str]:
    out = io.StringIO()
    call_command("routes", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_every_row_of_the_table_is_one_line_in_its_order() -> None:
    lines = [line for line in printed() if line[0].isdigit()]
    assert len(lines) == len(exposure().routes)
    for line, route in zip(lines, exposure().routes, strict=True):
        assert line.split()[:2] == [str(route.number), route.access]
        assert (route.pattern or "(first page)") in line


def test_what_no_table_opens_stands_first() -> None:
    never = [line for line in printed()[1:] if not line[0].isdigit()]
    assert never == printed()[1 : len(never) + 1]
    assert any("administration" in line and " admin," in line for line in never)


def test_a_closed_row_says_why() -> None:
    assert "name people" in next(line for line in printed() if " pcs/api/questionnaires/**" in line)


def test_programs_get_the_same_as_json() -> None:
    document = json.loads("\n".join(printed("--json")))
    assert [row["path"] for row in document["routes"]] == [route.pattern for route in exposure().routes]
    assert {"never", "inside", "asset_hosts", "form_fields"} <= document.keys()


def test_a_verdict_names_the_row_that_decided() -> None:
    row = next(route for route in exposure().routes if route.pattern == "panda/**" and not route.query)
    assert printed("panda/jobs/")[0].startswith(f"row {row.number}: public")
    assert json.loads("\n".join(printed("panda/jobs/", "--json")))["row"] == row.number


def test_a_verdict_looks_at_the_query() -> None:
    effects = [
        json.loads("\n".join(printed(address, "--json")))["route"]["effects"] for address in ("prod/", "prod/?tab=ops")
    ]
    assert effects == [False, True]


def test_a_verdict_says_what_a_write_needs() -> None:
    assert "same origin" in printed("pcs/tasks/a/commands/")[0]
    assert "it takes GET HEAD OPTIONS" in printed("panda/jobs/", "--method", "post")[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("panda/jobs/",), "public"),
        (("admin/",), "refused (403)"),
        (("panda/jobs/", "--method", "post"), "refused (405)"),
        (("no/such/thing",), "refused (404)"),
    ],
)
def test_one_address_can_be_judged(arguments: tuple[str, ...], words: str) -> None:
    assert words in printed(*arguments)[0]


def test_a_path_that_climbs_is_an_error() -> None:
    with pytest.raises(CommandError, match="climbs"):
        printed("panda/../admin/")
