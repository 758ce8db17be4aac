"""Takes out of a value what must not be shown: secrets, and texts that look like a key wherever they are."""

from typing import Any, cast

from policies.guardrails.security import material
from preview.registration import Secret, Unknown


def withhold(value: Any, key: str = "") -> Any:
    """Return the value for a file or a report; `key` is its own in a map."""
    if isinstance(value, Secret | Unknown):
        return repr(value)
    if isinstance(value, str) and material(value, key):
        return repr(Secret(value))
    if isinstance(value, dict):
        return {key: withhold(entry, key) for key, entry in cast(dict[str, Any], value).items()}
    return [withhold(item) for item in cast(list[Any], value)] if isinstance(value, list) else value
