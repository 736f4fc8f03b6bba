"""``swf-remote routes`` prints the exposure table as it is in force."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from swf_remote.proxy.routes import exposure


def printed(*arguments: str) -> list[str]:
    out = io.StringIO()
    call_command("routes", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_every_row_of_the_table_is_one_line_in_its_order() -> None:
    lines = printed()[1:]
    assert len(lines) == len(exposure().routes)
    for line, route in zip(lines, exposure().routes, strict=True):
        assert line.split()[0] == route.access
        assert (route.pattern or "(first page)") in line


def test_a_closed_row_says_why() -> None:
    assert "name people" in next(line for line in printed() if " pcs/api/questionnaires/**" in line)


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
