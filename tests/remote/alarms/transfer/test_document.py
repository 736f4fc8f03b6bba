"""YAML as it is read here: a small part, bounded, with lines for faults; and written so that it reads the same."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swf_remote.alarms.transfer.document import MOST_BYTES, FileError, read_document
from swf_remote.alarms.transfer.writing import write

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
scalars = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    scalars | texts,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(texts.filter(lambda key: key != "<<"), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(value=st.dictionaries(texts.filter(lambda key: key != "<<"), values, max_size=5))
def test_what_is_written_reads_as_the_same(value: dict[str, object]) -> None:
    assert read_document(write(value)).value == value


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(text=texts)
def test_any_text_is_read_or_refused_with_words(text: str) -> None:
    try:
        read_document(text)
    except FileError as error:
        assert error.faults and all(fault.words for fault in error.faults)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: &x 2\n", 2, "an anchor"),
        ("a: *x\n", 1, "an alias"),
        ("a: !!python/object/apply:os.system [true]\n", 1, "a tag"),
        ("a: 1\na: 2\n", 2, "second time"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("a:\n  <<: {b: 1}\n", 2, "merge key"),
        ("? [a]\n: 1\n", 1, "no text"),
        ("a: 1\n b: 2\n", 2, "no YAML"),
        ("a: [1, 2\n", 2, "no YAML"),
        ('a: "\\0"\n', 1, "NUL"),
        ("a: " + "[" * 50 + "]" * 50, 1, "nested deeper"),
    ],
)
def test_what_is_not_read_is_named_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(FileError) as caught:
        read_document(text)
    assert caught.value.faults[0].line == line
    assert words in str(caught.value)


def test_a_text_of_nothing_but_brackets_ends_at_once() -> None:
    with pytest.raises(FileError, match="nested deeper"):
        read_document("[" * (MOST_BYTES - 1))


def test_a_text_beyond_the_limit_is_not_looked_at() -> None:
    with pytest.raises(FileError, match="more than"):
        read_document("é" * (MOST_BYTES // 2 + 1))


def test_more_values_than_any_file_of_alarms_has_are_refused() -> None:
    with pytest.raises(FileError, match="more than 100,000 values"):
        read_document("[" + "1," * 200_000 + "]")


@pytest.mark.parametrize(
    "text", ["on", "off", "yes", "12:30", "22:00-06:00", "2026-12-31", "0x10", "1_000", "nan", ".inf"]
)
def test_words_that_older_yaml_takes_for_something_else_are_texts(text: str) -> None:
    assert read_document(f"a: {text}").value == {"a": text}


def test_a_value_that_is_not_there_has_the_line_of_what_is_around_it() -> None:
    document = read_document("alarms:\n  one:\n    title: x\n")
    assert document.line("alarms", "one", "title") == 3
    assert document.line("alarms", "one", "detector") == 2
    assert document.line("teams") == 1
