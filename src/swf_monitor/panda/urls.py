"""URLs of the PanDA pages, their data endpoints and REST, relative to the mount (contract 2.2, 2.6).

To add a page: a query in ``queries/``, a view in ``views/``, a template, and one line here.
"""

from __future__ import annotations

from django.urls import include, path

from swf_monitor.panda.rest import activity as rest_activity
from swf_monitor.panda.rest import errors as rest_errors
from swf_monitor.panda.rest import queues as rest_queues
from swf_monitor.panda.rest import schema as rest_schema
from swf_monitor.panda.rest import tasks as rest_tasks
from swf_monitor.panda.views import activity, hub, queues, system, task, tasks

urlpatterns = [
    path("panda/", hub.panda_hub, name="panda_hub"),
    path("panda/activity/", activity.activity, name="panda_activity"),
    path("panda/tasks/", tasks.tasks_list, name="panda_tasks_list"),
    path("panda/tasks/datatable/", tasks.tasks_datatable, name="panda_tasks_datatable_ajax"),
    path("panda/tasks/filter-counts/", tasks.tasks_filter_counts, name="panda_tasks_filter_counts"),
    path("panda/tasks/<int:task_id>/", task.task_detail, name="panda_task_detail"),
    path("panda/epic-queues/", queues.queues_list, name="epic_queues_list"),
    path("panda/epic-queues/<str:name>/", queues.queue_detail, name="epic_queue_detail"),
    path("panda/system/", system.page, name="panda_system"),
    path("panda/system/status.json", system.status_json, name="panda_system_status_json"),
    path("panda/system/refresh/", system.refresh, name="panda_system_refresh"),
    path("system/", system.page, name="system_status_root"),
    path("system/status.json", system.status_json, name="system_status_json_root"),
    path("api/panda/activity/", rest_activity.activity, name="api_panda_activity"),
    path("api/panda/tasks/", rest_tasks.task_list, name="api_panda_tasks"),
    path("api/panda/tasks/<int:task_id>/", rest_tasks.task_detail, name="api_panda_task"),
    path("api/panda/errors/", rest_errors.error_list, name="api_panda_errors"),
    path("api/panda/queues/", rest_queues.queue_list, name="api_panda_queues"),
    path("api/panda/queues/<str:name>/", rest_queues.queue_detail, name="api_panda_queue"),
    path("api/panda/schema/", rest_schema.schema, name="api_panda_schema"),
    path("", include("swf_monitor.panda.urls_jobs")),
]
