"""Tables of the alarms: what is watched, what happened, what is sent, and who does the work."""

from .configured import Alarm, AlarmVersion, Severity, Team, TeamVersion
from .happened import Change, Evaluation, Event, State, Tick
from .quiet import Silence
from .recorded import Recording
from .sent import Attempt, Channel, Delivery, Outcome
from .subscribed import Preference, Subscription
from .working import Lease

__all__ = [
    "Alarm",
    "AlarmVersion",
    "Attempt",
    "Change",
    "Channel",
    "Delivery",
    "Evaluation",
    "Event",
    "Lease",
    "Outcome",
    "Preference",
    "Recording",
    "Severity",
    "Silence",
    "State",
    "Subscription",
    "Team",
    "TeamVersion",
    "Tick",
]
