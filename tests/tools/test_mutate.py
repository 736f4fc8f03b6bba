"""The figures of ``make mutate``, from mutmut's list of changes."""

from __future__ import annotations

from tools.mutate.__main__ import fates_of, module_of, scores

LISTING = """
    swf_remote.proxy.policy.paths.x_normalise__mutmut_1: killed
    swf_remote.proxy.policy.paths.x__below__mutmut_2: survived
    swf_remote.proxy.rewriting.urls.xǁUrlRulesǁurl__mutmut_10: timeout
    swf_remote.proxy.rewriting.urls.xǁUrlRulesǁurl__mutmut_11: no tests
    swf_remote.proxy.rewriting.urls.x_f__mutmut_1: not checked
"""


def test_every_change_has_its_fate() -> None:
    fates = fates_of(LISTING)
    assert len(fates) == 5
    assert fates["swf_remote.proxy.rewriting.urls.xǁUrlRulesǁurl__mutmut_11"] == "no tests"


def test_a_change_belongs_to_its_module() -> None:
    assert [module_of(name) for name in fates_of(LISTING)] == ["policy.paths"] * 2 + ["rewriting.urls"] * 3


def test_a_time_out_counts_as_noticed_and_an_untested_change_as_missed() -> None:
    assert scores(fates_of(LISTING)) == {"policy.paths": (1, 2), "rewriting.urls": (1, 2)}
