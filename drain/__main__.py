"""Ends a stack's bursts and waits until their clusters are gone: `python -m drain STACK`."""

import argparse
import sys
from pathlib import Path

from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException

from drain.burst_cluster import Application
from drain.hub import Hub, HubAwayError
from drain.steps import GRACE, DrainError, drain, resume
from preview.recording import ROOT
from preview.stack_settings import read_settings
from settings import SettingsError
from settings.values import nanoseconds


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def _seconds(text: str) -> float:
    return nanoseconds(text) / 1e9


def main(arguments: list[str]) -> int:
    """Drain a stack; return 1 when claims are left, with a message that says what to do."""
    parser = argparse.ArgumentParser(prog="python -m drain", description=__doc__)
    parser.add_argument("stack", help="the stack, as in Pulumi.<stack>.yaml")
    parser.add_argument(
        "--folder", type=Path, default=ROOT, help="the folder of the stack's file (default: the project)"
    )
    parser.add_argument("--timeout", type=_seconds, default=3 * 3600.0, help="how long to wait, like 90m (default: 3h)")
    parser.add_argument(
        "--grace", type=_seconds, default=GRACE, help="how long open connections may take to finish (default: 5m)"
    )
    parser.add_argument("--resume", action="store_true", help="let claims come again instead")
    options = parser.parse_args(arguments)
    try:
        _run(options)
    except KeyboardInterrupt:
        say("stopped; what was withdrawn does not serve, what was released goes on being removed. Run it again")
        return 130
    except (SettingsError, DrainError) as error:
        say(str(error))
    except HubAwayError as error:
        say(f"{error}. Run this again")
    except FileNotFoundError as missing:
        say(f"there is no {missing.filename}")
    except ConfigException as error:
        say(f"the kubeconfig cannot be used: {error}")
    except ApiException as error:
        untyped = vars(error)
        say(f"the hub refused ({untyped['status']} {untyped['reason']}): {untyped['body']}")
    else:
        return 0
    return 1


def _run(options: argparse.Namespace) -> None:
    settings = read_settings(options.stack, options.folder)
    places = list(dict.fromkeys(pool.place for pool in settings.pools))
    say(f"stack {options.stack}, context {settings.hub.context}")
    hub = Hub(settings.hub.context, settings.hub.kubeconfig)
    if options.resume:
        resume(hub, places, say=say)
    else:
        application = Application(settings.workload.namespace, settings.workload.name)
        drain(hub, places, application, say=say, timeout=options.timeout, grace=options.grace)
        say("`pulumi destroy --run-program` may follow")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
