"""Kubeconfigs: for the bearer of a token, and one for several clusters."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml


def for_bearer(context: str, token: str, *, cluster: str, settings: Mapping[str, str]) -> str:
    """Return a kubeconfig with one context, whose user has the same name.

    Args:
        context: the context's name.
        token: the bearer's.
        cluster: the cluster's name.
        settings: its server, and how that is to be trusted.
    """
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": cluster, "cluster": dict(settings)}],
            "users": [{"name": context, "user": {"token": token}}],
            "contexts": [{"name": context, "context": {"cluster": cluster, "user": context}}],
            "current-context": context,
        }
    )


def merged(kubeconfigs: Mapping[str, Path]) -> str:
    """Return a kubeconfig with a context for each cluster and no current one, so that nothing goes astray.

    Args:
        kubeconfigs: by the context's name, files of which the current context counts.
    """
    clusters: list[Any] = []
    users: list[Any] = []
    contexts: list[Any] = []
    for name, path in kubeconfigs.items():
        config = cast(dict[str, Any], yaml.safe_load(path.read_text()))
        chosen = _named(config["contexts"], config["current-context"])["context"]
        clusters.append({**_named(config["clusters"], chosen["cluster"]), "name": name})
        users.append({**_named(config["users"], chosen["user"]), "name": name})
        contexts.append({"name": name, "context": {"cluster": name, "user": name}})
    document = {"apiVersion": "v1", "kind": "Config", "clusters": clusters, "users": users, "contexts": contexts}
    return yaml.safe_dump({**document, "current-context": ""})


def _named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["name"] == name)
