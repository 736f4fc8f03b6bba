"""The documentation cannot lie: tables are made from the code, links lead somewhere, names of files exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE_PATH = re.compile(r"`((?:src|tests|tools|docs)/[\w./-]+|swf_\w+/[\w./-]+)`")


def test_settings_routes_and_commands_are_documented_and_nothing_else_is() -> None:
    checked = subprocess.run(
        [sys.executable, "tools/document.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = [link.split("#")[0] for link in LINK.findall(page.read_text()) if "://" not in link]
    missing = [target for target in targets if target and not (page.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_named_in_the_text_exist(page: Path) -> None:
    named = {name if not name.startswith("swf_") else f"src/{name}" for name in CODE_PATH.findall(page.read_text())}
    made_later = {name for name in named if "/static/vendor" in name}
    assert {name for name in named - made_later if not (ROOT / name.rstrip("/")).exists()} == set()


def test_the_gateways_own_addresses_are_documented_and_nothing_else_is() -> None:
    source = (ROOT / "src" / "swf_remote" / "urls.py").read_text()
    sections = re.search(r"OWN_SECTIONS = frozenset\(\{(.*?)\}\)", source, re.DOTALL)
    assert sections
    page = (ROOT / "docs" / "configuration.md").read_text()
    table = page.split("## The gateway's own addresses")[1].split("##")[0]
    documented = set(re.findall(r"`/(\w+)", table)) - {"assets", "static"}
    assert documented == set(re.findall(r'"(\w+)"', sections[1]))


def test_every_setting_of_the_example_file_exists() -> None:
    example = (ROOT / ".env.example").read_text()
    documented = (ROOT / "docs" / "configuration.md").read_text()
    names = re.findall(r"^#?\s?(SWF_\w+|PANDA_DB_\w+)=", example, re.MULTILINE)
    assert names
    assert [name for name in names if f"`{name}`" not in documented] == []


def test_every_python_file_says_what_it_is_for() -> None:
    silent = []
    for path in (ROOT / "src").glob("**/*.py"):
        text = path.read_text().lstrip()
        if text and "migrations" not in path.parts and not text.startswith(('"""', 'r"""')):
            silent.append(str(path.relative_to(ROOT)))
    assert silent == []


CITED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def _rules() -> list[str]:
    """The rows of the tables in docs/proxy.md."""
    lines = (ROOT / "docs" / "proxy.md").read_text().splitlines()
    return [line for line in lines if line.startswith("| ") and not line.startswith("| rule |")]


def test_every_rule_of_the_proxy_names_its_test() -> None:
    assert len(_rules()) > 50
    assert [rule for rule in _rules() if not CITED.search(rule)] == []


def _proved() -> list[str]:
    """The rows of those tables of docs/alarms.md that name proofs."""
    rows, proved = [], False
    for line in (ROOT / "docs" / "alarms.md").read_text().splitlines():
        proved = line.startswith("|") and (proved or line == "| rule | proved by |")
        rows += [line] if proved and line.startswith("| ") and not line.startswith("| rule |") else []
    return rows


def test_every_rule_of_the_alarms_names_its_test() -> None:
    assert len(_proved()) > 20
    assert [rule for rule in _proved() if not CITED.search(rule)] == []


def test_the_tests_that_documents_name_exist() -> None:
    texts = [(ROOT / "docs" / name).read_text() for name in ("proxy.md", "alarms.md")]
    cited = {match.groups() for text in texts for match in CITED.finditer(text)}
    missing = [
        f"{path}::{name}"
        for path, name in sorted(cited)
        if not (ROOT / path).exists() or not re.search(rf"def {name}\(", (ROOT / path).read_text())
    ]
    assert missing == []
