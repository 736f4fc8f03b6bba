"""Puts the gateway together: outer layer, own files, Django's pages and the proxy. The server loads ``application``."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import cast

from starlette.types import ASGIApp

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swf_remote.settings")

from django.core.asgi import get_asgi_application

from swf_remote.configuration import Configuration, configuration


def build(settings: Configuration, *, fill: Callable[[str, str], bytes] | None = None) -> ASGIApp:
    """The whole gateway as one ASGI application.

    Args:
        settings: of this gateway.
        fill: says what stands in the slots of pages (``proxy.slots``); None: the badges of firing alarms do.
    """
    pages = cast(ASGIApp, get_asgi_application())
    # These read models and templates, which stand only after Django was set up.
    from swf_remote.alarms.firing import FiringWatch  # noqa: PLC0415
    from swf_remote.alarms.live import LiveAlarms  # noqa: PLC0415
    from swf_remote.edge.assets import STATIC_FOLDER, Assets  # noqa: PLC0415
    from swf_remote.edge.outer import Outer  # noqa: PLC0415
    from swf_remote.edge.pulse import Pulse  # noqa: PLC0415
    from swf_remote.edge.runtime import Runtime  # noqa: PLC0415
    from swf_remote.operations.drift_watch import DriftWatch  # noqa: PLC0415
    from swf_remote.proxy.app import Proxy  # noqa: PLC0415
    from swf_remote.status.stream import LiveStatus  # noqa: PLC0415
    from swf_remote.urls import OWN_SECTIONS  # noqa: PLC0415
    from swf_remote.web.frame import count_firing  # noqa: PLC0415

    runtime = Runtime(settings)
    firing = FiringWatch()
    proxy = Proxy(settings, runtime, fill=fill or firing.fill)
    pulse = Pulse(lanes=runtime.lanes.lanes, kept_in_memory=proxy.kept_in_memory, link=runtime.record.state)
    runtime.companions += [pulse.run, DriftWatch(settings, runtime.record).run]
    if fill is None:
        runtime.companions.append(firing.run)
        count_firing(firing.number)
    return Outer(
        settings,
        runtime,
        pages=LiveAlarms(LiveStatus(pages, settings, runtime.stopping), settings, runtime.stopping),
        own_sections=OWN_SECTIONS,
        proxy=proxy,
        assets=Assets(settings.own_static_url, STATIC_FOLDER),
        prompt=proxy.prompt,
    )


application = build(configuration())
