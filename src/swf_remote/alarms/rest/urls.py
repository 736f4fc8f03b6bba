"""Addresses of this room; ``openapi`` describes them. Words of our own come before names of alarms."""

from django.urls import path

from . import alarms, description, events, files, quiet, subscriptions, trials, work
from .serving import endpoint

urlpatterns = [
    path("", endpoint(GET=alarms.listed, POST=alarms.made), name="alarms-rest"),
    path("schema/", endpoint(GET=description.schema), name="alarms-rest-schema"),
    path("summary/", endpoint(GET=work.summary), name="alarms-rest-summary"),
    path("detectors/", endpoint(GET=work.detectors), name="alarms-rest-detectors"),
    path("preview/", endpoint(POST=trials.preview), name="alarms-rest-preview"),
    path("export/", endpoint(GET=files.exported)),
    path("import/", endpoint(POST=files.imported)),
    path("events/", endpoint(GET=events.listed), name="alarms-rest-events"),
    path("events/<slug:event_id>/", endpoint(GET=events.one), name="alarms-rest-event"),
    path("events/<slug:event_id>/acknowledge/", endpoint(POST=events.acknowledge)),
    path("events/<slug:event_id>/unacknowledge/", endpoint(POST=events.unacknowledge)),
    path("events/<slug:event_id>/assign/", endpoint(POST=events.assign)),
    path("events/<slug:event_id>/note/", endpoint(POST=events.note)),
    path("silences/", endpoint(GET=quiet.silences, POST=quiet.silence), name="alarms-rest-silences"),
    path("silences/<slug:silence_id>/", endpoint(GET=quiet.one_silence), name="alarms-rest-silence"),
    path("silences/<slug:silence_id>/end/", endpoint(POST=quiet.end)),
    path(
        "subscriptions/",
        endpoint(GET=subscriptions.listed, POST=subscriptions.made),
        name="alarms-rest-subscriptions",
    ),
    path("subscriptions/quiet-hours/", endpoint(GET=subscriptions.quiet_hours, PUT=subscriptions.put_quiet_hours)),
    path(
        "subscriptions/<slug:subscription_id>/",
        endpoint(GET=subscriptions.one, DELETE=subscriptions.removed),
        name="alarms-rest-subscription",
    ),
    path("ticks/", endpoint(GET=work.ticks), name="alarms-rest-ticks"),
    path("ticks/<slug:tick_id>/", endpoint(GET=work.tick)),
    path("deliveries/", endpoint(GET=work.deliveries), name="alarms-rest-deliveries"),
    path("deliveries/<slug:delivery_id>/", endpoint(GET=work.delivery)),
    path("deliveries/<slug:delivery_id>/retry/", endpoint(POST=work.retry)),
    path("teams/", endpoint(GET=quiet.teams), name="alarms-rest-teams"),
    path("teams/<str:name>/", endpoint(GET=quiet.team, PUT=quiet.put_team)),
    path(
        "<slug:name>/",
        endpoint(GET=alarms.one, PUT=alarms.replaced, PATCH=alarms.patched, DELETE=alarms.archived),
        name="alarms-rest-alarm",
    ),
    path("<slug:name>/versions/", endpoint(GET=alarms.versions)),
    path("<slug:name>/versions/<int:number>/", endpoint(GET=alarms.version)),
    path("<slug:name>/versions/<int:number>/restore/", endpoint(POST=alarms.restored)),
    path("<slug:name>/matches/", endpoint(GET=trials.matches)),
    path("<slug:name>/backtest/", endpoint(GET=trials.past)),
    path("<slug:name>/test/", endpoint(POST=trials.test)),
]
