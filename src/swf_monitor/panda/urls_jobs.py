"""URLs of jobs, errors, diagnostics and the event stream, relative to the mount (contract 2.2, 2.6)."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from swf_monitor.panda.rest import diagnosis as rest_diagnosis
from swf_monitor.panda.rest import job as rest_job
from swf_monitor.panda.rest import jobs as rest
from swf_monitor.panda.stream.view import message_stream
from swf_monitor.panda.views import diagnostics, errors, job, jobs, payload_log, view_text

urlpatterns: list[URLPattern | URLResolver] = [
    path("panda/jobs/", jobs.jobs_list, name="panda_jobs_list"),
    path("panda/jobs/datatable/", jobs.jobs_datatable, name="panda_jobs_datatable_ajax"),
    path("panda/jobs/filter-counts/", jobs.jobs_filter_counts, name="panda_jobs_filter_counts"),
    path("panda/jobs/<int:pandaid>/", job.job_detail, name="panda_job_detail"),
    path("epicprod/jobs/<int:pandaid>/", job.job_detail, name="epicprod_job_detail"),
    path("panda/jobs/<int:pandaid>/payload-log/", payload_log.payload_log, name="panda_payload_log"),
    path("panda/view-text/", view_text.view_text, name="panda_view_text"),
    path("panda/errors/", errors.errors_list, name="panda_errors_list"),
    path("panda/errors/datatable/", errors.errors_datatable, name="panda_errors_datatable_ajax"),
    path("panda/diagnostics/", diagnostics.diagnostics_list, name="panda_diagnostics_list"),
    path("panda/diagnostics/datatable/", diagnostics.diagnostics_datatable, name="panda_diagnostics_datatable_ajax"),
    path("api/panda/jobs/", rest.job_list, name="api_panda_jobs"),
    path("api/panda/jobs/diagnose/", rest_diagnosis.diagnose, name="api_panda_diagnose"),
    path("api/panda/jobs/<int:pandaid>/", rest_job.job_detail, name="api_panda_job"),
    path("api/messages/stream/", message_stream, name="messages_stream"),
]
