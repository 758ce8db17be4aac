"""Whatever is done to a stack file, it is accepted or answered with a message that names the path; never a traceback,
never a secret."""

import copy
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settings import SettingsError, load
from tests.unit.stack_configs import PLANTED, config

RAW, SECRET_KEYS = config()
KEYS = sorted(key for key in RAW if key.startswith("spillway:"))

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-3, 12), st.floats(), st.text(max_size=70),
    st.sampled_from(["", "1d", "8h", "aws", "us-east-1", "latest", "../x", "true", "[]", "{", "a" * 300, "\ud800"]),
)  # fmt: skip
values = st.one_of(scalars, st.lists(scalars, max_size=3), st.dictionaries(st.text(max_size=9), scalars, max_size=3))


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of every value inside."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, inner in inside for found in places(inner, (*path, key)))]


def mutate(draw: st.DrawFn, document: dict[str, Any]) -> None:
    path = draw(st.sampled_from([place for place in places(document) if place]))
    parent: Any = document
    for step in path[:-1]:
        parent = parent[step]
    how = draw(st.sampled_from(["replace", "delete", "rename", "duplicate", "swap", "add"]))
    if how == "replace":
        parent[path[-1]] = draw(values)
    elif how == "delete":
        del parent[path[-1]]
    elif how == "rename" and isinstance(parent, dict):
        parent[draw(st.text(max_size=12))] = parent.pop(path[-1])
    elif how == "duplicate" and isinstance(parent, list):
        parent.append(copy.deepcopy(parent[path[-1]]))
    elif how == "swap":
        other = draw(st.sampled_from(sorted(document)))
        parent[path[-1]] = copy.deepcopy(document[other])
    elif isinstance(parent, dict):
        parent[draw(st.text(max_size=12))] = draw(st.one_of(values, st.sampled_from(sorted(PLANTED.values()))))


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, str]:
    document: dict[str, Any] = {}
    for key in KEYS:
        document[key] = RAW[key] if key == "spillway:pullSecret" else json.loads(RAW[key])
    for _ in range(draw(st.integers(1, 3))):
        if document:
            mutate(draw, document)
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in document.items()}


@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated())
def test_a_mutated_stack_file_is_accepted_or_told_where_it_is_wrong(raw: dict[str, str]) -> None:
    try:
        load(raw, SECRET_KEYS, "dev")
    except SettingsError as error:
        assert error.mistakes
        for mistake in error.mistakes:
            assert mistake.path.startswith("spillway:")
            assert mistake.problem
            assert mistake.mend
        assert not [text for text in PLANTED.values() if text in str(error)]
