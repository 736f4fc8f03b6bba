"""Taking over today's tables: all of it in one transaction, again and again without harm, or only told in a dry run.

What has the identifier of a row that is here already stays as it is here. An alarm or a team whose name is taken here
stays, too, and what happened to today's is added to ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from swf_remote.alarms.configuring import RefusedError, check, team_content
from swf_remote.alarms.engine.evaluation import OPEN
from swf_remote.alarms.models import Alarm, AlarmVersion, Change, Evaluation, Event, Team, TeamVersion, Tick

from .mapping import (
    NOT_LOOKED_AT,
    OPEN_HERE,
    OPEN_TWICE,
    PREFIX,
    end,
    evaluation_of,
    event_of,
    fields_of,
    tick_of,
    words_of_run,
)
from .records import Entry, FaultyRowError, Source, Version, read_entry, read_version

BATCH = 500
UNKNOWN = "unknown"
THINGS = ("alarms", "versions", "teams", "events", "runs", "reports of runs")


@dataclass(slots=True)
class Report:
    """What was taken over, or would be."""

    dry_run: bool
    new: Counter[str] = field(default_factory=Counter)
    here: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """For people: counts, then what is not as it was."""
        verb = "would be taken over" if self.dry_run else "taken over"
        counts = [f"{thing}: {self.new[thing]:,} {verb}, {self.here[thing]:,} here already" for thing in THINGS]
        return [*counts, *self.notes]


def take_over(source: Source, *, now: datetime, by: str = "import", dry_run: bool = False) -> Report:
    """Take over what the tables hold.

    Args:
        source: today's tables.
        now: the present.
        by: who asked for it.
        dry_run: only tell; nothing is written.

    Raises:
        SourceError: the tables cannot be read, or a row is not as it has to be; nothing was written.
        DatabaseError: nothing was written.
    """
    with transaction.atomic():
        taking = _Taking(source, now, by, Report(dry_run))
        taking.teams()
        taking.alarms()
        taking.events()
        taking.runs()
    return taking.report


class _Taking:
    """One pass over the tables."""

    def __init__(self, source: Source, now: datetime, by: str, report: Report) -> None:
        self.report = report
        self._source = source
        self._now = now
        self._by = by
        self._by_id: dict[str, Alarm] = {}
        """Alarms by the identifier that today's tables have for them."""
        self._by_name: dict[str, Alarm] = {}
        """Alarms by today's word, without ``alarm_``."""
        self._off: set[str] = set()
        """Identifiers of those that nothing looks at here."""
        self._versions = self._read_versions()

    def teams(self) -> None:
        """Teams with their versions."""
        known = set(Team.objects.values_list("pk", flat=True))
        names = set(Team.objects.values_list("name", flat=True))
        for entry in self._entries("team"):
            if entry.id in known or entry.name in names:
                self.report.here["teams"] += 1
                continue
            team = Team(id=entry.id, name=entry.name, title=entry.title[:255], members=entry.content.strip())
            try:
                team.clean_fields()
            except ValidationError as error:
                raise FaultyRowError("team", entry.id, " ".join(error.messages)) from None
            self._keep_team(team, entry)

    def _keep_team(self, team: Team, entry: Entry) -> None:
        self.report.new["teams"] += 1
        states = self._states(entry)
        self.report.new["versions"] += len(states)
        team.version = states[-1].number
        if self.report.dry_run:
            return
        Team.objects.bulk_create([team])
        Team.objects.filter(pk=team.pk).update(modified_at=entry.modified)
        TeamVersion.objects.bulk_create(
            TeamVersion(
                team=team,
                number=one.number,
                content=team_content(Team(title=one.title[:255], members=one.content.strip())),
                changed_by=one.by[:150],
                changed_at=one.at,
            )
            for one in states
        )

    def alarms(self) -> None:
        """Alarms with their versions."""
        present = {alarm.pk: alarm for alarm in Alarm.objects.all()}
        names = {alarm.name: alarm for alarm in present.values()}
        for entry in self._entries("alarm"):
            word = entry.data.get("entry_id")
            if not isinstance(word, str) or not word:
                raise FaultyRowError("alarm", entry.id, "its data has no entry_id")
            alarm = present.get(entry.id) or names.get(word)
            if alarm is None:
                alarm = self._new_alarm(entry, word)
                names[word] = alarm
            else:
                self.report.here["alarms"] += 1
            self._by_id[entry.id] = self._by_name[word.removeprefix(PREFIX)] = alarm
            if alarm.archived or not alarm.enabled:
                self._off.add(alarm.pk)

    def _new_alarm(self, entry: Entry, word: str) -> Alarm:
        found = fields_of(word, entry.title, entry.content, entry.data, archived=entry.archived, key=entry.id)
        content = {name: value for name, value in found.content.items() if name != "owner"}
        alarm = Alarm(id=entry.id, name=word, **content)
        if found.is_known:
            try:
                check(alarm)
            except RefusedError as error:
                raise FaultyRowError("alarm", entry.id, str(error)) from None
        else:
            self._check_name(alarm, entry)
            self.report.notes.append(
                f"{word}: there is no detector for it here; kept for its history, switched off and archived"
            )
        if found.dropped:
            self.report.notes.append(f"{word}: parameters without a place here: {', '.join(found.dropped)}")
        self.report.new["alarms"] += 1
        self._keep_alarm(alarm, entry, word)
        return alarm

    def _check_name(self, alarm: Alarm, entry: Entry) -> None:
        try:
            check(alarm)
        except RefusedError as error:
            if "name" in error.faults:
                raise FaultyRowError("alarm", entry.id, " ".join(error.faults["name"])) from None

    def _keep_alarm(self, alarm: Alarm, entry: Entry, word: str) -> None:
        states = self._states(entry)
        self.report.new["versions"] += len(states)
        alarm.version = states[-1].number
        contents = [
            fields_of(word, one.title, one.content, one.data, archived=entry.archived, key=entry.id).content
            for one in states
        ]
        if self.report.dry_run:
            return
        Alarm.objects.bulk_create([alarm])
        Alarm.objects.filter(pk=alarm.pk).update(created_at=entry.created, modified_at=entry.modified)
        AlarmVersion.objects.bulk_create(
            AlarmVersion(alarm=alarm, number=one.number, content=content, changed_by=one.by[:150], changed_at=one.at)
            for one, content in zip(states, contents, strict=True)
        )

    def _states(self, entry: Entry) -> list[Version]:
        """What the entry said, oldest first, the present last. Today's rows tell when and by whom a state ended; ours
        tell when and by whom it was made."""
        ended = self._versions.get(entry.id, [])
        states, by, at = [], UNKNOWN, entry.created
        for one in ended:
            states.append(Version(entry.id, one.number, one.title, one.content, one.data, by, at))
            by, at = one.by or UNKNOWN, one.at
        number = ended[-1].number + 1 if ended else 1
        return [*states, Version(entry.id, number, entry.title, entry.content, entry.data, by, at)]

    def events(self) -> None:
        """Events, under their identifiers."""
        newest = self._newest_open()
        here = set(Event.objects.filter(state__in=OPEN).values_list("alarm_id", "fingerprint"))
        orphans = 0
        for batch in _batches(self._entries("event")):
            known = set(Event.objects.filter(pk__in=[one.id for one in batch]).values_list("pk", flat=True))
            rows: list[tuple[Event, list[Change]]] = []
            for entry in batch:
                alarm = self._alarm_of(entry)
                if entry.id in known:
                    self.report.here["events"] += 1
                elif alarm is None:
                    orphans += 1
                else:
                    rows.append(self._settled(*event_of(entry, alarm), newest, here))
            self.report.new["events"] += len(rows)
            if not self.report.dry_run:
                Event.objects.bulk_create([event for event, _ in rows])
                Change.objects.bulk_create([change for _, changes in rows for change in changes])
        if orphans:
            self.report.notes.append(f"events whose alarm is not there: {orphans:,} left out")

    def _newest_open(self) -> dict[tuple[str, str], str]:
        """Of each alarm and fingerprint the newest event that is open today."""
        newest = {}
        for entry in self._entries("event"):
            alarm = self._alarm_of(entry)
            if alarm is not None:
                event, _ = event_of(entry, alarm)
                if event.state in OPEN:
                    newest[alarm.pk, event.fingerprint] = event.pk
        return newest

    def _settled(
        self,
        event: Event,
        changes: list[Change],
        newest: Mapping[tuple[str, str], str],
        here: set[tuple[str, str]],
    ) -> tuple[Event, list[Change]]:
        """Of what is open, one event of a kind goes on, and only where something looks at it."""
        if event.state in OPEN:
            key = (event.alarm_id, event.fingerprint)
            if event.alarm_id in self._off:
                end(event, changes, event.last_seen, NOT_LOOKED_AT)
            elif key in here:
                end(event, changes, event.last_seen, OPEN_HERE)
            elif newest.get(key) != event.pk:
                end(event, changes, event.last_seen, OPEN_TWICE)
        return event, changes

    def _alarm_of(self, entry: Entry) -> Alarm | None:
        config = entry.data.get("alarm_config_id")
        word = entry.data.get("entry_id")
        found = self._by_id.get(config) if isinstance(config, str) else None
        return found or (self._by_name.get(word.removeprefix("event_")) if isinstance(word, str) else None)

    def runs(self) -> None:
        """Runs of the engine, under their identifiers, with what each told of each alarm."""
        unknown: Counter[str] = Counter()
        for batch in _batches(self._entries("engine_run")):
            known = set(Tick.objects.filter(pk__in=[one.id for one in batch]).values_list("pk", flat=True))
            ticks, evaluations = [], []
            for entry in batch:
                if entry.id in known:
                    self.report.here["runs"] += 1
                    continue
                tick, reports = tick_of(entry)
                ticks.append(tick)
                evaluations += self._evaluations(tick, reports, unknown)
            self.report.new["runs"] += len(ticks)
            self.report.new["reports of runs"] += len(evaluations)
            if not self.report.dry_run:
                Tick.objects.bulk_create(ticks)
                Evaluation.objects.bulk_create(evaluations)
        if unknown:
            self.report.notes.append(
                f"reports of runs about alarms that are not there: {unknown.total():,} left out "
                f"({words_of_run(list(unknown))})"
            )

    def _evaluations(self, tick: Tick, reports: Mapping[str, Any], unknown: Counter[str]) -> list[Evaluation]:
        found: dict[str, Evaluation] = {}
        for word, report in reports.items():
            alarm = self._by_name.get(word.removeprefix(PREFIX))
            if alarm is None:
                unknown[word[:60]] += 1
            else:
                found[alarm.pk] = evaluation_of(tick, alarm, report)
        return list(found.values())

    def _entries(self, kind: str) -> Iterator[Entry]:
        """Entries that are there; an identifier stands once."""
        seen: set[str] = set()
        for row in self._source.entries(kind):
            entry = read_entry(row)
            if entry.id in seen:
                raise FaultyRowError("entry", entry.id, "its id is there twice")
            seen.add(entry.id)
            if not entry.deleted:
                yield entry

    def _read_versions(self) -> dict[str, list[Version]]:
        """Versions of alarms and teams, by entry, oldest first."""
        wanted = {entry.id for kind in ("alarm", "team") for entry in self._entries(kind)}
        found: dict[str, list[Version]] = {}
        for row in self._source.versions():
            version = read_version(row)
            if version.entry in wanted:
                found.setdefault(version.entry, []).append(version)
        for key, versions in found.items():
            versions.sort(key=lambda one: one.number)
            if len({one.number for one in versions}) != len(versions):
                raise FaultyRowError("entry", key, "one of its versions is there twice")
        return found


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
