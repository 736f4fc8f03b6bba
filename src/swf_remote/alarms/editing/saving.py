"""Saving what a form says about an alarm: nobody's change is written over unseen, nothing typed is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.http import QueryDict

from swf_remote.alarms.configuring import ALARM_FIELDS, RefusedError, content_of, save_alarm
from swf_remote.alarms.models import Alarm, AlarmVersion
from swf_remote.alarms.transfer.differences import Difference, differences
from swf_remote.alarms.transfer.file_format import written

from .alarm_form import LONGEST_COMMENT, held, one_text, take

SWITCHES = {
    "enable": ("enabled", True),
    "disable": ("enabled", False),
    "tell": ("notify", True),
    "hush": ("notify", False),
    "archive": ("archived", True),
    "unarchive": ("archived", False),
}
"""Buttons that change one field."""
QUIETER = frozenset({"disable", "hush", "archive"})
"""Those that work always, also on an alarm that is not valid any more."""


class ChangedMeanwhileError(Exception):
    """Somebody else has saved the alarm since the form was opened; nothing was saved."""

    def __init__(
        self,
        present: Alarm,
        version: AlarmVersion | None,
        *,
        theirs: Sequence[Difference] = (),
        both: QueryDict | None = None,
        mine: Sequence[Difference] = (),
        faults: Mapping[str, list[str]] | None = None,
    ) -> None:
        super().__init__(f"{present.name} was changed meanwhile")
        self.present = present
        self.version = version
        self.theirs = theirs
        """What they changed since the form was opened."""
        self.both = both
        """The form as it was sent, but for fields in which only they changed something: these say what they say."""
        self.mine = mine
        """What saving that would change of what they saved."""
        self.faults = faults or {}


def create(alarm: Alarm, posted: QueryDict, by: str, now: datetime, *, staff: bool) -> None:
    """Save a new alarm as the form says.

    Raises:
        RefusedError: something is wrong, or the name is taken.
    """
    alarm.name = posted.get("name", "").strip()[:200]
    if faults := take(alarm, posted, staff=staff):
        raise RefusedError(faults)
    try:
        save_alarm(alarm, by, now, comment="new")
    except IntegrityError:
        raise RefusedError({"name": [f"Another alarm is called {alarm.name}."]}) from None


def save(key: str, posted: QueryDict, by: str, now: datetime, *, staff: bool) -> AlarmVersion | None:
    """Save the alarm as the form says; None: it says what is there already.

    Raises:
        ChangedMeanwhileError: it is another version than the form was opened with.
        RefusedError: something is wrong.
        Alarm.DoesNotExist: it is gone.
    """
    with transaction.atomic():
        alarm = _locked(key)
        if posted.get("version", "") != str(alarm.version):
            _raise_if_changed(alarm, posted, staff=staff)
            return None
        if faults := take(alarm, posted, staff=staff):
            raise RefusedError(faults)
        return save_alarm(alarm, by, now, comment=posted.get("comment", "").strip()[:LONGEST_COMMENT])


def _raise_if_changed(alarm: Alarm, posted: QueryDict, *, staff: bool) -> None:
    """Compare what a form says that was opened with another version; the alarm takes the form's values.

    Raises:
        ChangedMeanwhileError: it says something else than the alarm.
    """
    before = written(content_of(alarm))
    old = _opened(alarm, posted.get("version", ""))
    theirs = differences(written(old.content), before) if old else ()
    both = _merged(posted, old, alarm) if old else posted
    faults = take(alarm, both, staff=staff)
    mine = [] if faults else differences(before, written(content_of(alarm)))
    if mine or faults:
        present = Alarm.objects.select_related("owner").get(pk=alarm.pk)
        raise ChangedMeanwhileError(
            present, present.versions.first(), theirs=theirs, both=both, mine=mine, faults=faults
        )


def _opened(alarm: Alarm, text: str) -> AlarmVersion | None:
    """The version that a form was opened with."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    return alarm.versions.filter(number=number).first()


def _merged(posted: QueryDict, old: AlarmVersion, present: Alarm) -> QueryDict:
    """The form, with what they say in fields that the reader left as they were."""
    kept = {name: old.content[name] for name in ALARM_FIELDS if name in old.content}
    before, theirs = held(Alarm(**kept)), held(present)
    before["owner"] = [str(old.content.get("owner", ""))]
    before["detector"], theirs["detector"] = [str(kept.get("detector", ""))], [present.detector]
    both = posted.copy()
    for name, texts in theirs.items():
        if one_text(posted.getlist(name)) == one_text(before.get(name, [])):
            both.pop(name, None)
            if texts:
                both.setlist(name, texts)
    return both


def switch(key: str, version: str, what: str, by: str, now: datetime) -> AlarmVersion | None:
    """Press one of the `SWITCHES`; None: it stood so already.

    Raises:
        ChangedMeanwhileError: it is another version than the reader saw.
        RefusedError: there is no such switch, or the alarm is not valid any more.
        Alarm.DoesNotExist: it is gone.
    """
    if what not in SWITCHES:
        raise RefusedError({"switch": [f"{what[:30]!r} is none of {', '.join(SWITCHES)}."]})
    field, value = SWITCHES[what]
    with transaction.atomic():
        alarm = _locked(key)
        if getattr(alarm, field) == value:
            return None
        if version != str(alarm.version):
            raise ChangedMeanwhileError(alarm, alarm.versions.first())
        setattr(alarm, field, value)
        return save_alarm(alarm, by, now, comment=what, only_quieter=what in QUIETER)


def _locked(key: str) -> Alarm:
    return Alarm.objects.select_for_update().get(pk=key)
