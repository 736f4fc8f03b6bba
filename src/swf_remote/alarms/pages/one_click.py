"""The page behind a link in a mail: it shows the event and one button. Opening it changes nothing."""

from __future__ import annotations

from dataclasses import replace

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from swf_remote.alarms import acting
from swf_remote.alarms.acknowledge_links import HOLDS, LinkExpiredError, read_token
from swf_remote.alarms.acting import RefusedActionError
from swf_remote.alarms.models import Event, State
from swf_remote.web.handlers import NOT_FOUND, problem_response

from .serving import NO_EVENT, SEE_OTHER, page

EXPIRED = replace(
    NOT_FOUND,
    status=410,
    kind="link-expired",
    title="This link has expired",
    detail=f"A link to acknowledge holds for {HOLDS.days} days. Log in and acknowledge the event on the alarms page.",
    outcome="Nothing was changed.",
)
NOT_OURS = replace(
    NOT_FOUND,
    title="This link cannot be used",
    detail="It is not complete: open it from the mail again, or log in and acknowledge the event on the alarms page.",
    outcome="Nothing was changed.",
)


# The link itself is the secret, and works where a mail program's browser keeps no cookies.
@csrf_exempt
@page("GET", "POST")
def acknowledge_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show what would be acknowledged, and do it when the button is pressed."""
    try:
        permit = read_token(token)
    except LinkExpiredError:
        return problem_response(request, EXPIRED)
    if permit is None:
        return problem_response(request, NOT_OURS)
    refused = ""
    if request.method == "POST":
        try:
            acting.acknowledge(permit.event_id, _who(permit.recipient), timezone.now(), "By the link in a message.")
            return HttpResponseRedirect(request.path, status=SEE_OTHER)
        except Event.DoesNotExist:
            return problem_response(request, NO_EVENT)
        except RefusedActionError as error:
            refused = str(error)
    event = Event.objects.select_related("alarm").filter(pk=permit.event_id).first()
    if event is None:
        return problem_response(request, NO_EVENT)
    context = {"event": event, "refused": refused, "fires": event.state == State.FIRING, "now": timezone.now()}
    return render(request, "alarms/acknowledge.html", context, status=409 if refused else 200)


def _who(recipient: str) -> str:
    """The user whose address it is, if there is just one; else the recipient as the message named it."""
    names = list(User.objects.filter(email__iexact=recipient, is_active=True).values_list("username", flat=True)[:2])
    return names[0] if len(names) == 1 else recipient
