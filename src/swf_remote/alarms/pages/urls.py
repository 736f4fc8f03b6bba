"""Addresses of the pages below ``alarms/``; those of today's pages stay, so that links in old mails open."""

from django.urls import path, register_converter

from . import actions, deliveries, history, mails, runs, silencing, subscriptions
from .alarm import alarm_page
from .dashboard import dashboard
from .event import event_page
from .events import events
from .one_click import acknowledge_by_link


class _AlarmName:
    """What alarms may be called."""

    regex = "[a-z0-9_]{1,106}"  # today's addresses have "alarm_" before the name

    def to_python(self, value: str) -> str:
        """As it stands."""
        return value

    def to_url(self, value: str) -> str:
        """As it stands."""
        return value


register_converter(_AlarmName, "alarm_name")

urlpatterns = [
    path("", dashboard, name="alarms"),
    path("events/", events, name="alarm_events"),
    path("events/<str:event_id>/", event_page, name="alarm_event"),
    path("events/<str:event_id>/acknowledge/", actions.acknowledge, name="event_acknowledge"),
    path("events/<str:event_id>/withdraw/", actions.withdraw, name="event_withdraw"),
    path("events/<str:event_id>/assign/", actions.assign, name="event_assign"),
    path("events/<str:event_id>/note/", actions.add_note, name="event_note"),
    path("history/", history.history, name="alarm_history"),
    path("runs/", runs.runs, name="alarm_runs"),
    path("runs/<str:run_id>/", runs.run, name="alarm_run"),
    path("runs/<str:run_id>/<alarm_name:name>/", runs.run_of_alarm, name="alarm_run_of_alarm"),
    path("silences/", silencing.silences, name="alarm_silences"),
    path("silences/<str:silence_id>/end/", silencing.end_silence, name="silence_end"),
    path("deliveries/", deliveries.deliveries, name="alarm_deliveries"),
    path("deliveries/<str:delivery_id>/", deliveries.delivery, name="alarm_delivery"),
    path("deliveries/<str:delivery_id>/again/", deliveries.send_again, name="delivery_again"),
    path("subscriptions/", subscriptions.subscriptions, name="alarm_subscriptions"),
    path("subscriptions/quiet-hours/", subscriptions.keep_quiet_hours, name="subscriptions_quiet_hours"),
    path("subscriptions/<str:subscription_id>/remove/", subscriptions.remove_subscription, name="subscription_remove"),
    path("subscriptions/<str:subscription_id>/turn/", subscriptions.turn_subscription, name="subscription_turn"),
    path("mails/<str:name>/", mails.mail, name="alarm_mail"),
    path("acknowledge/<str:token>/", acknowledge_by_link, name="alarm_acknowledge"),
    path("<alarm_name:name>/", alarm_page, name="alarm"),
    path("<alarm_name:name>/task/", history.task_history, name="alarm_task"),
]
