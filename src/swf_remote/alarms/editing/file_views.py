"""Alarms as files: written for git, read with a plan that is shown before anything is changed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from swf_remote.alarms.access import is_staff
from swf_remote.alarms.configuring import RefusedError
from swf_remote.alarms.models import Alarm
from swf_remote.alarms.transfer.document import MOST_BYTES, Fault, FileError
from swf_remote.alarms.transfer.file_format import export_yaml
from swf_remote.alarms.transfer.plan import Plan, StalePlanError, read_yaml

from .alarm_views import CONFLICT, INVALID
from .doors import answers, name_of, signed_in, staff

FILE_NAME = "alarms.yaml"
MOST_FAULTS = 100


@answers("GET")
@signed_in
def export(request: HttpRequest) -> HttpResponse:
    """All alarms and teams for staff, else those of the reader: a file holds keys to webhooks.

    ``?members=1``: with the members of teams.
    """
    alarms = Alarm.objects.select_related("owner").order_by("name")
    if not is_staff(request.user):
        alarms = alarms.filter(owner_id=request.user.pk)
    text = export_yaml(alarms, members=request.GET.get("members") == "1")
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
    return response


@answers("GET", "POST")
@staff
def import_file(request: HttpRequest) -> HttpResponse:
    """Take a file or a pasted text, show what it would change, and change it once that is confirmed."""
    if request.method != "POST":
        return _page(request, "", prune=False)
    prune = "prune" in request.POST
    try:
        text = _text(request)
        plan = read_yaml(text, prune=prune)
    except FileError as error:
        shown = request.POST.get("text", "")[:MOST_BYTES]
        return _page(request, shown, prune=prune, faults=error.faults, status=INVALID)
    confirmed = request.POST.get("confirm", "")
    if not confirmed:
        return _page(request, text, prune=prune, plan=plan)
    if not constant_time_compare(confirmed, plan.fingerprint):
        return _page(request, text, prune=prune, plan=plan, is_stale=True, status=CONFLICT)
    try:
        done = plan.apply(name_of(request), timezone.now())
    except (StalePlanError, RefusedError):
        return _page(request, text, prune=prune, plan=read_yaml(text, prune=prune), is_stale=True, status=CONFLICT)
    return render(request, "alarms/editing/imported.html", {"done": done, "plan": plan})


def _text(request: HttpRequest) -> str:
    """The file that was chosen, else what was pasted.

    Raises:
        FileError: it is too large, empty, or no text.
    """
    upload = request.FILES.get("file")
    if upload is None:
        text = request.POST.get("text", "").replace("\r\n", "\n")
    elif (upload.size or 0) > MOST_BYTES:
        raise FileError([Fault(None, f"the file has more than {MOST_BYTES:,} bytes")])
    else:
        try:
            text = upload.read().decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            raise FileError([Fault(None, "the file is no text in UTF-8")]) from None
    if not text.strip():
        raise FileError([Fault(None, "choose a file, or paste its text")])
    return text


def _page(
    request: HttpRequest,
    text: str,
    *,
    prune: bool,
    plan: Plan | None = None,
    faults: tuple[Fault, ...] = (),
    is_stale: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "text": text,
        "prune": prune,
        "plan": plan,
        "faults": faults[:MOST_FAULTS],
        "fault_count": len(faults),
        "is_stale": is_stale,
    }
    return render(request, "alarms/editing/import.html", context, status=status)
