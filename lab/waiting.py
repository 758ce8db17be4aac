"""When a resource counts as created, by the rules of Pulumi's Kubernetes provider."""

import json
import re
from dataclasses import dataclass
from typing import Any

import jsonpath_rfc9535

from lab.cluster import Manifest

WAIT_FOR = "pulumi.com/waitFor"
SKIP = "pulumi.com/skipAwait"


@dataclass(frozen=True)
class Condition:
    """One condition: a JSONPath (RFC 9535) that selects something, or selects a value."""

    text: str
    path: str
    value: str | None

    def met(self, found: Manifest) -> bool:
        """Tell whether the object meets it."""
        present = self.present(found)
        return present is not None and (self.value is None or str(present) == self.value)

    def present(self, found: Manifest) -> Any:
        """Return what the path selects now, or None."""
        values = jsonpath_rfc9535.find(self.path, found).values()
        return values[0] if values else None


def parse(text: str) -> Condition:
    """Read `jsonpath={.path}`, `jsonpath={.path}=value`, `condition=Type` or `condition=Type=Status`.

    Raises:
        ValueError: it is neither.
    """
    if match := re.fullmatch(r"jsonpath=\{\s*(\$?)(.*?)\s*\}(?:=(.+))?", text):
        return Condition(text, "$" + match[2], match[3])
    if match := re.fullmatch(r"condition=([^=]+)(?:=(.+))?", text):
        return Condition(text, f"$.status.conditions[?@.type=='{match[1]}'].status", match[2] or "True")
    raise ValueError(f"{WAIT_FOR}: {text!r} is neither jsonpath={{...}} nor condition=...")


def conditions(manifest: Manifest) -> list[Condition]:
    """Return what must hold before the object counts as created."""
    annotations: dict[str, str] = manifest["metadata"].get("annotations") or {}
    if annotations.get(SKIP) == "true":
        return []
    if text := annotations.get(WAIT_FOR):
        texts: list[str] = json.loads(text) if text.startswith("[") else [text]
        return [parse(one) for one in texts]
    if manifest["kind"] == "Deployment":
        return [parse("condition=Available")]
    return []


def is_created(manifest: Manifest, found: Manifest) -> bool:
    """Tell whether what was found meets all that the manifest is to wait for."""
    return all(condition.met(found) for condition in conditions(manifest))


def seconds(text: str | None, default: float = 600) -> float:
    """Return the seconds of a Pulumi timeout such as "90m"; the provider's default is ten minutes."""
    if not text:
        return default
    units = {"h": 3600.0, "m": 60.0, "s": 1.0}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)([hms])", text))
