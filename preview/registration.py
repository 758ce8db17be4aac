"""What an engine is told about a resource."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from google.protobuf.json_format import MessageToDict

# How the SDK marks secrets and unknown values on the wire.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@dataclass(frozen=True, repr=False)
class Secret:
    """A secret input. It prints as `[secret]`; only `reveal` gives the value."""

    _value: Any

    def reveal(self) -> Any:
        """Return the value."""
        return self._value

    def __repr__(self) -> str:
        return "[secret]"


@dataclass(frozen=True, repr=False)
class Unknown:
    """A value that an engine learns only when it has created something."""

    def __repr__(self) -> str:
        return "[unknown]"


@dataclass(frozen=True)
class Options:
    """The resource options that a test or an engine looks at; None where the program sets nothing."""

    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    create_timeout: str | None = None
    update_timeout: str | None = None
    delete_timeout: str | None = None
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    import_id: str | None = None
    delete_hooks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Registration:
    """One resource as the program registered it.

    `parent`, `dependencies` and the values of `property_dependencies` are URNs; `provider` is the logical name of the
    provider resource.
    """

    urn: str
    type: str
    name: str
    custom: bool
    parent: str | None
    inputs: dict[str, Any]
    provider: str | None
    dependencies: tuple[str, ...]
    property_dependencies: Mapping[str, tuple[str, ...]]
    options: Options


def plain(value: Any) -> Any:
    """Turn a value from the wire into Python's, with secrets and unknowns marked."""
    if isinstance(value, dict):
        entries = cast(dict[str, Any], value)
        if entries.get(_SIGNATURE) == _SECRET:
            return Secret(plain(entries["value"]))
        return {key: plain(entry) for key, entry in entries.items()}
    if isinstance(value, list):
        return [plain(item) for item in cast(list[Any], value)]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return Unknown() if value == _UNKNOWN else value


def struct(message: Any) -> dict[str, Any]:
    """Turn a protobuf Struct into plain values."""
    return cast(dict[str, Any], plain(MessageToDict(message)))


def reveal(value: Any) -> Any:
    """Return the value with its secrets in plain, for the one who sends it to the API server."""
    if isinstance(value, Secret):
        return reveal(value.reveal())
    if isinstance(value, dict):
        return {key: reveal(entry) for key, entry in cast(dict[str, Any], value).items()}
    return [reveal(item) for item in cast(list[Any], value)] if isinstance(value, list) else value


def registration(request: Any, urn: str) -> Registration:
    """Turn a RegisterResource request into a Registration."""
    timeouts = request.customTimeouts
    return Registration(
        urn=urn,
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent or None,
        inputs=struct(request.object),
        provider=request.provider.split("::")[-2] if request.provider else None,
        dependencies=tuple(sorted(request.dependencies)),
        property_dependencies={
            key: tuple(sorted(value.urns)) for key, value in sorted(request.propertyDependencies.items()) if value.urns
        },
        options=Options(
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            delete_before_replace=request.deleteBeforeReplace,
            ignore_changes=tuple(request.ignoreChanges),
            replace_on_changes=tuple(request.replaceOnChanges),
            create_timeout=timeouts.create or None,
            update_timeout=timeouts.update or None,
            delete_timeout=timeouts.delete or None,
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
            aliases=tuple(alias.urn or alias.spec.name for alias in request.aliases),
            import_id=request.importId or None,
            delete_hooks=(*request.hooks.before_delete, *request.hooks.after_delete),
        ),
    )
