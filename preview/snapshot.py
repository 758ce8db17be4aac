"""A recording as JSON, with secrets as digests, so that two can be compared.

Run by itself (`python -P -m preview.snapshot STACK ROOT`) it records a stack of another revision, whose program is in
ROOT; the modules of this revision's preview do it, and import nothing else of their own revision.
"""

import dataclasses
import hashlib
import json
import sys
from pathlib import Path
from typing import Any, cast

from preview.recording import ProgramError, Recording, record
from preview.registration import Secret, Unknown
from preview.resources import costs

SECRET = "[secret]"
Snapshot = dict[str, Any]


def snapshot(recording: Recording) -> Snapshot:
    """Return the objects by type and logical name, and the monthly figures."""
    return {
        "objects": {f"{found.type} {found.name}": _object(found) for found in recording.registrations if found.custom},
        "costs": dataclasses.asdict(costs(recording)),
    }


def _object(found: Any) -> dict[str, Any]:
    options = {key: value for key, value in dataclasses.asdict(found.options).items() if value}
    return {**_masked(found.inputs), **({"options": json.loads(json.dumps(options))} if options else {})}


def _masked(value: Any) -> Any:
    if isinstance(value, Secret):
        # Only compared, never shown: a report prints [secret].
        text = json.dumps(value.reveal(), sort_keys=True, default=repr)
        return {SECRET: hashlib.sha256(text.encode()).hexdigest()}
    if isinstance(value, Unknown):
        return repr(value)
    if isinstance(value, dict):
        return {key: _masked(entry) for key, entry in cast(dict[str, Any], value).items()}
    return [_masked(item) for item in cast(list[Any], value)] if isinstance(value, list) else value


def main(arguments: list[str]) -> int:
    """Print the snapshot of a stack; 3 if its configuration is refused."""
    stack, root = arguments
    try:
        print(json.dumps(snapshot(record(stack, root=Path(root)))))
    except ProgramError as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
