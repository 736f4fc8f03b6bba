"""The outer layer and Django's URLs name the same own sections."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, get_resolver

from swf_remote.urls import OWN_SECTIONS


def patterns(resolver: URLResolver, prefix: str = "") -> list[str]:
    found: list[str] = []
    for entry in resolver.url_patterns:
        written = prefix + str(entry.pattern)
        found += [written] if isinstance(entry, URLPattern) else patterns(entry, written)
    return found


def section(url: str) -> str:
    """The section of a URL below the mount: its first two segments, if they make one, else its first."""
    segments = url.split("/")[1:]
    two = "/".join(segments[:2])
    return two if two in OWN_SECTIONS else segments[0]


def test_every_own_url_is_in_a_section_that_the_outer_layer_hands_to_django_and_every_section_is_used() -> None:
    urls = patterns(get_resolver())
    assert all(url.startswith("prod/") for url in urls)
    assert {section(url) for url in urls} == OWN_SECTIONS
