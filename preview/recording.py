"""Runs the program of a stack under Pulumi's mocks and records what an engine would be told.

This is the only place that touches the parts of the SDK that are not documented (MockMonitor, MockSettings,
run_in_stack); the SDK's version is pinned. Unit tests, previews and the lab's engine all use it.
"""

import asyncio
import logging
import runpy
import sys
import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pulumi
from google.protobuf import empty_pb2
from google.protobuf.json_format import ParseDict
from pulumi.runtime import mocks, settings
from pulumi.runtime.config import set_all_config
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_in_stack

from preview.registration import Registration, registration, struct
from preview.stack_file import StackConfig, load

ROOT = Path(__file__).parent.parent
STACK_TYPE = "pulumi:pulumi:Stack"
# Registrations block while an engine waits for an object; one that waits must not hold up the others.
PARALLEL = 64

# What a provider would look up, for want of one: the form of the answer, not its content.
PLACEHOLDER_ANSWERS: dict[str, dict[str, Any]] = {
    "aws:route53/getZone:getZone": {"zoneId": "ZPLACEHOLDER", "nameServers": []},
}

Register = Callable[[Registration], Mapping[str, Any] | None]
Answer = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


class ProgramError(Exception):
    """The program ended with a message for the user, which is this error's text."""


@dataclass(frozen=True)
class Call:
    """Something that the program looks up through a provider, such as a hosted zone."""

    token: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Recording:
    """What a program registered, in order, what it exported, and what it looked up."""

    stack: str
    registrations: tuple[Registration, ...]
    exports: dict[str, Any]
    calls: tuple[Call, ...] = ()

    def of_type(self, type_: str) -> list[Registration]:
        """Return the resources of a type."""
        return [found for found in self.registrations if found.type == type_]

    def named(self, type_: str, name: str) -> Registration:
        """Return the resource of a type with a logical name.

        Raises:
            LookupError: there is none.
        """
        for found in self.of_type(type_):
            if found.name == name:
                return found
        raise LookupError(f"{self.stack} has no {type_} named {name}; it has {[r.name for r in self.of_type(type_)]}")

    def children(self, parent: Registration) -> list[Registration]:
        """Return the resources whose parent is the given one."""
        return [found for found in self.registrations if found.parent == parent.urn]


def record(
    stack: str,
    *,
    root: Path = ROOT,
    overrides: Mapping[str, object] | None = None,
    secrets: Mapping[str, object] | None = None,
    register: Register | None = None,
    answer: Answer | None = None,
    preview: bool = True,
) -> Recording:
    """Evaluate `__main__.py` for a stack file.

    Args:
        stack: the stack, as in `Pulumi.<stack>.yaml`.
        root: the folder of the program.
        overrides: values by config path, as `pulumi config set --path` would set them; None removes.
        secrets: values of secret keys; placeholders stand in for those that are missing.
        register: called with each custom resource, in a thread of its own; returns more of its state, and may block;
            None tells the program that the resource failed: it goes on, and never learns what that would have held.
        answer: called with the token and the arguments of what the program looks up, for the answer of a provider; may
            raise ProgramError. Without it a placeholder answers for a hosted zone, and other look-ups are refused.
        preview: as in a preview, ids and what a provider would compute are unknown.

    Raises:
        ProgramError: the program ended with a message for the user.
        FileNotFoundError: there is no such stack file.
    """
    config = load(stack, root, overrides or {}, secrets or {})
    provider = _Mocks(answer)
    monitor = _Monitor(provider, register, preview)
    with _on_path(root):
        asyncio.run(_evaluate(root / "__main__.py", config, monitor, preview))
    return Recording(stack, tuple(monitor.registrations), monitor.exports, tuple(provider.calls))


class _Mocks(mocks.Mocks):
    def __init__(self, answer: Answer | None):
        self._answer = answer
        self.calls: list[Call] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        raise NotImplementedError("the monitor answers registrations itself")

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        sent = cast(dict[str, Any], args.args)
        given = {key: value for key, value in sent.items() if value is not None}
        self.calls.append(Call(args.token, given))
        if self._answer:
            return dict(self._answer(args.token, given)), []
        if args.token in PLACEHOLDER_ANSWERS:
            return {**given, **PLACEHOLDER_ANSWERS[args.token]}, []
        raise ProgramError(f"the program calls {args.token}, which cannot be answered without a provider")


class _Monitor(mocks.MockMonitor):
    def __init__(self, provider: _Mocks, register: Register | None, preview: bool):
        super().__init__(provider)
        self._register = register
        self._preview = preview
        self._lock = threading.Lock()
        self._stack_urn = ""
        self.registrations: list[Registration] = []
        self.exports: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 (the SDK calls it by this name)
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK_TYPE:
            self._stack_urn = urn
            return resource_pb2.RegisterResourceResponse(urn=urn)
        recorded = registration(request, urn)
        with self._lock:
            self.registrations.append(recorded)
        state = resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        if recorded.custom:
            # Providers are made in previews too, so their ids are known.
            known = not self._preview or recorded.type.startswith("pulumi:providers:")
            state.id = f"{request.name}-id" if known else ""
            answer: Mapping[str, Any] | None = self._register(recorded) if self._register else {}
            if answer is None:
                state.result = resource_pb2.Result.FAIL
            else:
                ParseDict(dict(answer), state.object)
        return state

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        if request.urn == self._stack_urn:
            self.exports = struct(request.outputs)
        return empty_pb2.Empty()


@contextmanager
def _on_path(root: Path) -> Generator[None]:
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))


async def _evaluate(program: Path, config: StackConfig, monitor: _Monitor, preview: bool) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(PARALLEL))
    # One failed registration fails all that depend on it. The first is raised; asyncio would print the others.
    loop.set_exception_handler(lambda _loop, _context: None)
    settings.set_root_resource(None)  # pyright: ignore[reportArgumentType] (forgets the stack of an earlier run)
    deployment: Any = monitor.GetDeploymentInfo(empty_pb2.Empty())  # pyright: ignore[reportUnknownMemberType]
    settings.configure(
        mocks.MockSettings(
            monitor=monitor,
            monitor_features=set(deployment.supportedFeatures),
            engine=mocks.MockEngine(logging.getLogger("pulumi")),
            project="spillway",
            stack=config.stack,
            dry_run=preview,
            organization="organization",
            callbacks=None,
        )
    )
    # What a run that failed left pending belongs to a loop that is closed, and would end this one too.
    ambient: Any = settings.SETTINGS
    ambient.outputs.clear()
    ambient.rpc_manager.clear()
    set_all_config(config.values, list(config.secret_keys))
    try:
        await run_in_stack(lambda: _run(program))
    except pulumi.RunError as error:
        raise ProgramError(str(error)) from None


def _run(program: Path) -> None:
    runpy.run_path(str(program), run_name="__main__")
