"""Silences and teams."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from swf_remote.alarms import acting
from swf_remote.alarms.access import is_staff
from swf_remote.alarms.configuring import TEAM_FIELDS, save_team
from swf_remote.alarms.models import Silence, Team
from swf_remote.alarms.transfer.file_format import default_of
from swf_remote.edge.problem import ProblemError

from .alarms import CHANGED, check_version, etag
from .fields import moment_in, only, take, text_of
from .paging import Stage, limit_of, read_cursor, told, walk
from .serving import Asked, Reply
from .shapes import silence_shape, team_shape
from .words import choice, only_words


def silences(asked: Asked) -> Reply:
    """Silences that hold or will hold, or those of ``?state=ended``; the one that ends last comes first."""
    words = only_words(asked, "state", "limit", "cursor")
    place = read_cursor(words.get("cursor", ""), asked.now)
    state = choice(words, "state", "active", "ended", "all")
    rows = Silence.objects.all()
    if state == "ended":
        rows = rows.filter(ends_at__lte=place.began)
    elif state != "all":
        rows = rows.filter(ends_at__gt=place.began)
    found, following = walk([Stage(rows, "ends_at")], place, limit_of(asked))
    return Reply(told(asked, "silences", [silence_shape(one, asked.now) for one in found], following, None))


def silence(asked: Asked) -> Reply:
    """A new silence: ``matchers``, ``reason``, ``ends_at``."""
    body = asked.body()
    only(body, ("matchers", "reason", "ends_at"))
    matchers, reason = (text_of(body, name, needed=True) for name in ("matchers", "reason"))
    made = acting.silence(matchers, reason, moment_in(body, "ends_at"), asked.name, asked.now)
    address = reverse("alarms-rest-silence", kwargs={"silence_id": made.pk})
    return Reply(silence_shape(made, asked.now), 201, {"Location": address})


def one_silence(asked: Asked, silence_id: str) -> Reply:
    """One silence."""
    return Reply(silence_shape(Silence.objects.get(pk=silence_id), asked.now))


def end(asked: Asked, silence_id: str) -> Reply:
    """It ends now."""
    return Reply(silence_shape(acting.end_silence(silence_id, asked.now), asked.now))


def teams(asked: Asked) -> Reply:
    """All teams by name; their members only for signed-in users."""
    only_words(asked)
    return Reply({"teams": [team_shape(team, asked.now, asked.signed_in) for team in Team.objects.order_by("name")]})


def team(asked: Asked, name: str) -> Reply:
    """One team; its ETag is its version."""
    found = Team.objects.get(name=name)
    return Reply(team_shape(found, asked.now, asked.signed_in), headers={"ETag": etag(found.version)})


def put_team(asked: Asked, name: str) -> Reply:
    """The team becomes what was sent, and what is left out its default; one that is not there is made."""
    asked.need(is_staff(asked.reader))
    body = asked.body()
    only(body, ("name", *TEAM_FIELDS))
    with transaction.atomic():
        found = Team.objects.select_for_update().filter(name=name).first()
        if found is not None:
            check_version(asked, found.version)
        elif "If-Match" in asked.request.headers:
            raise ProblemError(CHANGED)
        kept = found or Team(name=name)
        take(kept, {name: default_of(name, Team) for name in TEAM_FIELDS} | body)
        save_team(kept, asked.name, asked.now)
    return Reply(team_shape(kept, asked.now, True), 200 if found else 201, {"ETag": etag(kept.version)})
