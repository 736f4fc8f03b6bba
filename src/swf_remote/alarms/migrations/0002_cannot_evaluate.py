"""The alarm about alarms is there from the start: who sees nothing must not look like one who finds nothing."""

import uuid

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.utils import timezone

NAME = "cannot_evaluate"
CONTENT = {
    "title": "Alarms that cannot be evaluated",
    "description": (
        "The monitor did not answer a question of these alarms, or a detector failed. Until it does, they neither fire "
        "nor clear. Look at the status page, and at the latest runs on the alarms page."
    ),
    "detector": "cannot_evaluate",
    "parameters": {"ignore": []},
    "scope": "",
    "severity": "warning",
    "recipients": "",
    "webhooks": "",
    "every_minutes": 1,
    "schedule": "",
    "for_minutes": 5,
    "clear_minutes": 2,
    "renotify_hours": 12.0,
    "tell_cleared": True,
    "escalate_minutes": 0,
    "escalate_to": "",
    "explained_by": "",
    "heed_maintenance": False,
    "group_by": "",
    "enabled": True,
    "notify": True,
    "archived": False,
}


def add(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Add it, unless there is one of that name."""
    alarms, versions = apps.get_model("alarms", "Alarm"), apps.get_model("alarms", "AlarmVersion")
    if alarms.objects.filter(name=NAME).exists():
        return
    made = alarms.objects.create(id=str(uuid.uuid4()), name=NAME, version=1, **CONTENT)
    versions.objects.create(
        alarm=made, number=1, content={"owner": "", **CONTENT}, changed_by="swf-remote", changed_at=timezone.now()
    )


def leave(_apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Its table goes with the migration before, or its events hold it."""


class Migration(migrations.Migration):
    dependencies = [("alarms", "0001_alarms")]
    operations = [migrations.RunPython(add, leave)]
