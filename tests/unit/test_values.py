"""Durations as Go's `time.Duration.String` writes them, which is the form that Hive stores."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.values import canonical_duration, nanoseconds


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("8h", "8h0m0s"), ("90m", "1h30m0s"), ("30m", "30m0s"), ("90s", "1m30s"), ("1.5h", "1h30m0s"), ("0s", "0s"),
        ("1500ms", "1.5s"), ("500ms", "500ms"), ("1us", "1µs"), ("1µs", "1µs"), ("999ns", "999ns"), ("1h1s", "1h0m1s"),
        ("100h", "100h0m0s"), ("0.5s", "500ms"), ("1.001s", "1.001s"),
    ],
)  # fmt: skip
def test_canonical_form(text: str, canonical: str) -> None:
    assert canonical_duration(text) == canonical


@pytest.mark.parametrize("text", ["", "1d", "1w", "8", "h", "-1h", "1 h", "8h\n", "9999999h", "٣h"])
def test_what_hive_refuses_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration|longer"):
        canonical_duration(text)


@given(st.integers(0, 2**63 - 1))
def test_the_canonical_form_is_the_same_duration_and_stays_as_it_is(length: int) -> None:
    once = canonical_duration(f"{length}ns")
    assert nanoseconds(once) == length
    assert canonical_duration(once) == once
