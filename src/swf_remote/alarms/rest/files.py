"""Alarms as files (`docs/alarms.md`): written, and read with a dry run before."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpResponse

from swf_remote.alarms.access import is_staff
from swf_remote.alarms.models import Alarm
from swf_remote.alarms.transfer.document import MOST_BYTES, FileError
from swf_remote.alarms.transfer.file_format import export_yaml
from swf_remote.alarms.transfer.plan import Plan, StalePlanError, read_yaml
from swf_remote.edge.problem import ProblemError
from swf_remote.web.handlers import BAD_REQUEST

from .bodies import OTHER_TYPE, TOO_LARGE
from .serving import CONFLICT, NOT_VALID, Asked, Reply
from .shapes import Shape
from .words import choice, only_words

YAML = "application/yaml"
"""RFC 9512."""
MOST_FAULTS = 100


def exported(asked: Asked) -> HttpResponse:
    """All alarms and teams for staff, else those of the reader: a file holds addresses that open webhooks."""
    asked.need_reader()
    members = choice(only_words(asked, "members"), "members", "true", "false") == "true"
    rows = Alarm.objects.select_related("owner").order_by("name")
    mine = rows if is_staff(asked.reader) else rows.filter(owner_id=asked.reader.pk)
    return HttpResponse(export_yaml(mine, members=members), content_type=f"{YAML}; charset=utf-8")


def imported(asked: Asked) -> Reply:
    """What a file says is made and changed, all of it or nothing; with ``?dry_run=true`` only told."""
    asked.need(is_staff(asked.reader))
    words = only_words(asked, "dry_run", "prune")
    dry_run = choice(words, "dry_run", "true", "false") == "true"
    prune = choice(words, "prune", "true", "false") == "true"
    text = _text(asked)
    try:
        plan = read_yaml(text, prune=prune)
        if not dry_run:
            plan.apply(asked.name, asked.now)
    except FileError as error:
        faults = tuple((f"line {one.line}" if one.line else "file", one.words) for one in error.faults[:MOST_FAULTS])
        raise ProblemError(replace(NOT_VALID, faults=faults)) from None
    except StalePlanError as error:
        raise ProblemError(replace(CONFLICT, detail=str(error))) from None
    return Reply(_shape(plan, saved=not dry_run))


def _text(asked: Asked) -> str:
    request = asked.request
    if request.content_type != YAML:
        raise ProblemError(
            replace(OTHER_TYPE, title="What was sent does not call itself YAML", detail=f"Send it as {YAML}.")
        )
    length = request.headers.get("Content-Length", "0")
    if not length.isdigit() or int(length) > MOST_BYTES or len(request.body) > MOST_BYTES:
        raise ProblemError(replace(TOO_LARGE, detail=f"At most {MOST_BYTES:,} bytes are read."))
    try:
        return request.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ProblemError(replace(BAD_REQUEST, detail="The file is no text in UTF-8.")) from None


def _shape(plan: Plan, *, saved: bool) -> Shape:
    return {
        "saved": saved,
        "summary": plan.summary,
        "warnings": list(plan.warnings),
        "items": [
            {
                "kind": item.kind,
                "name": item.name,
                "what": item.what,
                "differences": [
                    {"field": one.field, "lines": [f"{line.sign} {line.text}" for line in one.lines]}
                    for one in item.differences
                ],
            }
            for item in plan.items
        ],
    }
