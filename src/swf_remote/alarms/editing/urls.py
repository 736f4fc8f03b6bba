"""Addresses of the editor below ``alarms/``; those of today's pages stay."""

from django.urls import path

from . import alarm_views, file_views, team_views, trying_views, version_views

urlpatterns = [
    path("new/", alarm_views.new, name="alarm_new"),
    path("preview/", trying_views.preview, name="alarm_preview"),
    path("backtest/", trying_views.backtest_typed, name="alarm_backtest_typed"),
    path("export/", file_views.export, name="alarms_export"),
    path("import/", file_views.import_file, name="alarms_import"),
    path("teams/", team_views.teams, name="teams"),
    path("teams/new/", team_views.team_new, name="team_new"),
    path("teams/<str:name>/edit/", team_views.team_edit, name="team_edit"),
    path("teams/<str:name>/delete/", team_views.team_delete, name="team_delete"),
    path("teams/<str:name>/versions/", version_views.team_versions, name="team_versions"),
    path("teams/<str:name>/versions/<int:number>/", version_views.team_version, name="team_version"),
    path("teams/<str:name>/versions/<int:number>/restore/", version_views.team_restore, name="team_restore"),
    path("<slug:name>/edit/", alarm_views.edit, name="alarm_edit"),
    path("<slug:name>/switch/", alarm_views.switched, name="alarm_switch"),
    path("<slug:name>/test/", trying_views.test_delivery, name="alarm_test"),
    path("<slug:name>/backtest/", trying_views.backtest_saved, name="alarm_backtest"),
    path("<slug:name>/versions/", version_views.alarm_versions, name="alarm_versions"),
    path("<slug:name>/versions/<int:number>/", version_views.alarm_version, name="alarm_version"),
    path("<slug:name>/versions/<int:number>/restore/", version_views.alarm_restore, name="alarm_restore"),
]
