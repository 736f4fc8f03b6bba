"""The REST interface of the alarms in OpenAPI's terms (OpenAPI 3.1), for clients and the tests that hold it to it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from swf_remote.alarms.models import Channel, Outcome, Severity
from swf_remote.alarms.selection import MOST_HOURS, STATES, SUBJECTS
from swf_remote.configuration import configuration

from . import schemas
from .files import YAML
from .paging import DEFAULT_LIMIT, MOST_ROWS
from .schemas import Schema
from .serving import Asked, Reply
from .trials import DEFAULT_DAYS, MOST_DAYS
from .words import only_words

_WORDS: Schema = {"type": "string"}


def schema(asked: Asked) -> Reply:
    """This description."""
    only_words(asked)
    return Reply(document(configuration().mount))


def document(mount: str) -> Schema:
    """The whole description of a gateway at `mount` (``/prod``)."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "swf-remote: alarms",
            "version": version("swf-remote"),
            "description": "Everybody reads alarms, events, silences and ticks. Addresses and deliveries are for "
            "signed-in users, who acknowledge, assign, note and silence; owners and staff edit and test. Writes need "
            "the session of a page of this site and come from its origin. Errors are application/problem+json "
            "(RFC 9457) wherever a client does not prefer HTML. Times are UTC.",
        },
        "servers": [{"url": f"{mount}/api/alarms"}],
        "paths": _paths(),
        "components": {
            "schemas": schemas.ALL,
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "sessionid_prod"}},
        },
    }


def _paths() -> Schema:
    event = [_part("event_id")]
    alarm = [_part("name")]
    number = [*alarm, _part("number", {"type": "integer", "minimum": 0})]
    return {
        "/": {
            "get": _read("All alarms, by name", "Alarms", [_flag("archived"), _word("state")]),
            "post": _write("A new alarm, of its maker", "Alarm", "AlarmContent", status=201),
        },
        "/schema/": {"get": _read("This description", "Description")},
        "/summary/": {"get": _read("How many events fire, and whether the engine is at work", "Summary")},
        "/detectors/": {"get": _read("Kinds of alarms, with the JSON schema of their parameters", "Detectors")},
        "/preview/": {
            "post": _write("What a configuration would find now; nothing is saved", "Preview", "AlarmContent")
        },
        "/export/": {"get": _export()},
        "/import/": {"post": _import()},
        "/events/": {"get": _events()},
        "/events/{event_id}/": {"get": _read("One event, with what became of it", "WholeEvent", event)},
        "/events/{event_id}/acknowledge/": {"post": _act("Somebody looks after it", event, "Note")},
        "/events/{event_id}/unacknowledge/": {"post": _act("Nobody does any more", event)},
        "/events/{event_id}/assign/": {"post": _act("It is given to somebody", event, "Assignment")},
        "/events/{event_id}/note/": {"post": _act("Something is written down", event, "Text")},
        "/silences/": {
            "get": _read("Silences", "Silences", [_word("state", _one_of("active", "ended", "all")), *_paging()]),
            "post": _write("A new silence", "Silence", "SilenceContent", status=201),
        },
        "/silences/{silence_id}/": {"get": _read("One silence", "Silence", [_part("silence_id")])},
        "/silences/{silence_id}/end/": {"post": _write("It ends now", "Silence", None, [_part("silence_id")])},
        "/subscriptions/": {
            "get": _read(
                "One's own subscriptions, or everybody's for staff; signed in",
                "Subscriptions",
                [_word("of", _one_of("me", "all")), *_paging()],
            ),
            "post": _write("A new subscription", "Subscription", "SubscriptionContent", status=201),
        },
        "/subscriptions/quiet-hours/": {
            "get": _read("When one's subscriptions wait; signed in", "QuietHours"),
            "put": _write("Quiet hours become this", "QuietHours", "QuietHoursContent"),
        },
        "/subscriptions/{subscription_id}/": {
            "get": _read("One's own subscription; signed in", "Subscription", [_part("subscription_id")]),
            "delete": _write("It is removed", "Subscription", None, [_part("subscription_id")]),
        },
        "/ticks/": {"get": _read("Ticks of the engine", "Ticks", [_flag("failed"), *_paging()])},
        "/ticks/{tick_id}/": {"get": _read("One tick, with what it asked and saw", "WholeTick", [_part("tick_id")])},
        "/deliveries/": {"get": _deliveries()},
        "/deliveries/{delivery_id}/": {
            "get": _read("One message, with its attempts; signed in", "WholeDelivery", [_part("delivery_id")])
        },
        "/deliveries/{delivery_id}/retry/": {
            "post": _write("One that was given up is tried again", "WholeDelivery", None, [_part("delivery_id")])
        },
        "/teams/": {"get": _read("Teams; their members for signed-in users", "Teams")},
        "/teams/{name}/": {
            "get": _read("One team", "Team", alarm),
            "put": _write("A team, new or changed; staff", "Team", "TeamContent", [*alarm, _IF_MATCH], also=201),
        },
        "/{name}/": {
            "get": _read("One alarm; its ETag is its version", "Alarm", alarm),
            "put": _write(
                "The alarm becomes this, with defaults for the rest; a new one is made",
                "Alarm",
                "AlarmContent",
                [*alarm, _IF_MATCH],
                also=201,
            ),
            "patch": _write("This is changed, the rest stays (RFC 7396)", "Alarm", "AlarmPatch", [*alarm, _IF_MATCH]),
            "delete": _write("The alarm is archived; its events stay", "Alarm", None, [*alarm, _IF_MATCH]),
        },
        "/{name}/versions/": {"get": _read("All versions, newest first", "Versions", alarm)},
        "/{name}/versions/{number}/": {"get": _read("One version", "Version", number)},
        "/{name}/versions/{number}/restore/": {
            "post": _write("It becomes the present one, as a new version", "Alarm", None, [*number, _IF_MATCH])
        },
        "/{name}/matches/": {"get": _read("What it would find now; signed in", "Preview", alarm)},
        "/{name}/backtest/": {
            "get": _read("What it would have done; signed in", "Backtest", [*alarm, _word("days", _DAYS)])
        },
        "/{name}/test/": {"post": _write("A test message to its own people", "Test", None, alarm, status=202)},
    }


def _events() -> Schema:
    words = [
        _word("hours", {"type": "integer", "minimum": 1, "maximum": MOST_HOURS}),
        _word("state", _one_of(*STATES)),
        _word("alarm"),
        _word("severity", _one_of(*Severity.values)),
        *map(_word, SUBJECTS),
        _word("q"),
        _word("format", _one_of("json", "csv")),
        *_paging(),
    ]
    described = _read("Events that were open in the last hours (24), open ones first", "Events", words)
    described["responses"]["200"]["content"]["text/csv"] = {"schema": _WORDS}
    return described


def _export() -> Schema:
    described = _read("Alarms and teams as a file: all for staff, else one's own", "Description", [_flag("members")])
    described["responses"]["200"]["content"] = {YAML: {"schema": _WORDS}}
    return described


def _import() -> Schema:
    flags = [_flag("dry_run"), _flag("prune")]
    described = _write("What a file says is made and changed, all of it or nothing; staff", "Plan", None, flags)
    return {**described, "requestBody": {"content": {YAML: {"schema": _WORDS}}}}


def _flag(name: str) -> Schema:
    return _word(name, _one_of("true", "false"))


def _deliveries() -> Schema:
    words = [_word("outcome", _one_of(*Outcome.values)), _word("channel", _one_of(*Channel.values)), _word("alarm")]
    return _read("Messages, newest first; signed in", "Deliveries", [*words, *_paging()])


def _paging() -> list[Schema]:
    limit = {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": DEFAULT_LIMIT}
    return [_word("limit", limit), {**_word("cursor"), "description": "From `next` of the page before."}]


def _part(name: str, kind: Schema | None = None) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": kind or _WORDS}


def _word(name: str, kind: Schema | None = None) -> Schema:
    return {"name": name, "in": "query", "schema": kind or _WORDS}


def _one_of(*words: str) -> Schema:
    return {"enum": list(words)}


_DAYS: Schema = {"type": "integer", "minimum": 1, "maximum": MOST_DAYS, "default": DEFAULT_DAYS}
_IF_MATCH: Schema = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag of what was read; needed, unless it is new.",
    "schema": _WORDS,
}


def _act(summary: str, parameters: list[Schema], body: str | None = None) -> Schema:
    return _write(summary, "WholeEvent", body, parameters)


def _read(summary: str, answer: str, parameters: list[Schema] | None = None) -> Schema:
    return {"summary": summary, "parameters": parameters or [], "responses": _responses(answer, (200,))}


def _write(
    summary: str,
    answer: str,
    body: str | None,
    parameters: list[Schema] | None = None,
    *,
    status: int = 200,
    also: int | None = None,
) -> Schema:
    described: Schema = {
        "summary": summary,
        "parameters": parameters or [],
        "security": [{"session": []}],
        "responses": _responses(answer, (status, *([also] if also else []))),
    }
    if body is not None:
        described["requestBody"] = {"content": {"application/json": {"schema": _named(body)}}}
    return described


def _responses(answer: str, statuses: tuple[int, ...]) -> dict[str, Any]:
    content = {"application/json": {"schema": _named(answer)}}
    good = {str(status): {"description": "Done", "content": content} for status in statuses}
    problem = {"application/problem+json": {"schema": _named("Problem")}, "text/html": {"schema": _WORDS}}
    return {**good, "default": {"description": "What went wrong, in words", "content": problem}}


def _named(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
