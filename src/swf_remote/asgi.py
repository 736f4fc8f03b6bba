"""Puts the gateway together: outer layer, own files, Django's pages and the proxy. The server loads ``application``."""

from __future__ import annotations

import os
from typing import cast

from starlette.types import ASGIApp

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swf_remote.settings")

from django.core.asgi import get_asgi_application

from swf_remote.configuration import Configuration, configuration


def build(settings: Configuration) -> ASGIApp:
    """The whole gateway as one ASGI application."""
    pages = cast(ASGIApp, get_asgi_application())
    # These read models and templates, which stand only after Django was set up.
    from swf_remote.edge.assets import STATIC_FOLDER, Assets  # noqa: PLC0415
    from swf_remote.edge.outer import Outer  # noqa: PLC0415
    from swf_remote.edge.runtime import Runtime  # noqa: PLC0415
    from swf_remote.proxy.app import Proxy  # noqa: PLC0415
    from swf_remote.urls import OWN_SECTIONS  # noqa: PLC0415

    runtime = Runtime(settings)
    return Outer(
        settings,
        runtime,
        pages=pages,
        own_sections=OWN_SECTIONS,
        proxy=Proxy(settings, runtime),
        assets=Assets(settings.own_static_url, STATIC_FOLDER),
    )


application = build(configuration())
