"""The four scenarios of the article about load balancing, each as changes of the mesh stack's config."""

from collections.abc import Mapping
from dataclasses import dataclass

REPLICAS_C3 = "spillway:mesh.clusters[2].replicas"
COST_C2, COST_C3 = "spillway:mesh.links[0].cost", "spillway:mesh.links[1].cost"


@dataclass(frozen=True)
class Scenario:
    """A step of the article.

    Attributes:
        title: what it is about.
        changes: config paths and values, against the scenario before.
        pods: pods on c2 and c3 afterwards.
        costs: costs of their links to c1 afterwards.
        expect: where requests to c1 go, and why (skupper-router, `src/router_core/forwarder.c`).
    """

    title: str
    changes: Mapping[str, int]
    pods: tuple[int, int]
    costs: tuple[int, int]
    expect: str


SCENARIOS = (
    Scenario(
        "1. one pod each, equal cost",
        {},
        (1, 1),
        (1, 1),
        "half each: a new connection goes where open connections plus link cost are fewest",
    ),
    Scenario(
        "2. two pods on c3, equal cost",
        {REPLICAS_C3: 2},
        (1, 2),
        (1, 1),
        "half to each cluster, a quarter to each pod of c3: c1 does not know how many pods are behind a link",
    ),
    Scenario(
        "3. no pods on c3, costs 4 and 2",
        {REPLICAS_C3: 0, COST_C2: 4, COST_C3: 2},
        (1, 0),
        (4, 2),
        "all to c2: a cluster without pods is out, whatever its link costs",
    ),
    Scenario(
        "4. two pods on c3, costs 4 and 2",
        {REPLICAS_C3: 2},
        (1, 2),
        (4, 2),
        "c3 carries two connections more than c2: a third for each pod with about six open, half for c2 with a hundred",
    ),
)


def changes_up_to(number: int) -> dict[str, int]:
    """Return what is changed against the shipped config in a scenario, counted from 1."""
    return {path: value for scenario in SCENARIOS[:number] for path, value in scenario.changes.items()}


def commands(scenario: Scenario) -> list[str]:
    """Return the commands that make a scenario of the one before."""
    return [f"pulumi config set --path '{path}' {value}" for path, value in scenario.changes.items()]
