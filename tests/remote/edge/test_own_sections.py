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


def test_every_own_url_is_in_a_section_that_the_outer_layer_hands_to_django_and_every_section_is_used() -> None:
    urls = patterns(get_resolver())
    assert all(url.startswith("prod/") for url in urls)
    assert {url.split("/")[1] for url in urls} == OWN_SECTIONS
