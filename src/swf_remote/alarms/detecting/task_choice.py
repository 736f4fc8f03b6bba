"""Parameters that choose tasks, for detectors that look at many together."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from swf_remote.alarms.inputs.items import Task

from .contract import Parameters
from .parameters import Pattern
from .patterns import matcher


class TaskChoice(Parameters):
    """Which tasks are looked at; what is empty chooses all."""

    username: Pattern = Field("", title="User", description="Whose tasks; a percent sign stands for anything.")
    processingtype: Pattern = Field("", title="Processing type", description="A percent sign stands for anything.")
    site: Pattern = Field("", title="Site", description="A percent sign stands for anything.")
    workinggroup: Pattern = Field("", title="Working group", description="A percent sign stands for anything.")
    taskname: Pattern = Field("", title="Task name", description="A percent sign stands for anything.")

    def chooser(self) -> Callable[[Task], bool]:
        """Whether a task is chosen."""
        user, kind, site = matcher(self.username), matcher(self.processingtype), matcher(self.site)
        group, name = matcher(self.workinggroup), matcher(self.taskname)
        return lambda task: (
            user(task.username)
            and kind(task.processingtype)
            and site(task.site)
            and group(task.workinggroup)
            and name(task.taskname)
        )
