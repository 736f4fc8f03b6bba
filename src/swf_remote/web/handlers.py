"""Django's own failures, told like every other problem of the gateway."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse

from swf_remote.edge.metrics import problem_told
from swf_remote.edge.problem import Problem

from .error_pages import error_response
from .negotiation import error_form

BAD_REQUEST = Problem(
    400,
    "bad-request",
    "The request could not be understood",
    "Go back, check what was sent and send it again.",
)
FORBIDDEN = Problem(
    403, "forbidden", "This is not allowed", "Sign in with an account that has this right, or ask an administrator."
)
NOT_FOUND = Problem(
    404,
    "not-found",
    "There is no page at this address",
    "Check the address for a typing error, or start from the home page and follow the links.",
)
WRONG_METHOD = Problem(
    405, "method-not-allowed", "This address cannot be used that way", "Open the page anew and use its own buttons."
)
FORM_EXPIRED = Problem(
    403,
    "form-expired",
    "The form is no longer valid",
    "Open the page anew and send the form again. This happens when the form stayed open for long, when somebody signed "
    "in or out in another tab, or when cookies are blocked.",
    outcome="Nothing was changed.",
)
CROSS_ORIGIN = Problem(
    403,
    "cross-origin",
    "The request did not come from a page of this site",
    "Open the page here and use its own button.",
    outcome="Nothing was changed.",
)
SERVER_ERROR = Problem(
    500,
    "internal-error",
    "The gateway failed on this request",
    "The failure was recorded. Try again; if it stays, report it with the request id.",
)


def problem_response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """`problem` as a Django response, in the form that the client prefers."""
    problem_told(problem)
    headers, body = error_response(
        problem,
        form=error_form({name.lower(): value for name, value in request.headers.items()}),
        request_id=request.headers.get("X-Request-ID", ""),
    )
    response = HttpResponse(body, status=problem.status)
    for name, value in headers:
        response[name.decode()] = value.decode()
    return response


def wrong_method(request: HttpRequest, *allow: str) -> HttpResponse:
    """405, naming the methods that work."""
    return problem_response(request, replace(WRONG_METHOD, allow=allow))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`."""
    del exception
    return problem_response(request, BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler403`."""
    del exception
    return problem_response(request, FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler404`."""
    del exception
    return problem_response(request, NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`; Django has logged the exception."""
    return problem_response(request, SERVER_ERROR)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """`CSRF_FAILURE_VIEW`: a form of ours without its token."""
    del reason
    return problem_response(request, FORM_EXPIRED)
