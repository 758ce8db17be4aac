"""What the engine does around the deletion of a pool: ends its bursts, and waits until their clusters are gone."""

import asyncio

import pulumi

from components.cluster_pool import DELETE_TIMEOUT
from drain.burst_cluster import Application
from drain.hub import Hub
from drain.steps import drain, resume
from settings import Workload
from settings.values import nanoseconds

# As long as the engine then waits for the pool itself.
TIMEOUT = nanoseconds(DELETE_TIMEOUT) / 1e9


def drain_hooks(context: str, kubeconfig: str | None, workload: Workload) -> pulumi.ResourceHookBinding:
    """Return the hooks of the stack's pools; called once in a program, as the engine knows hooks by their names.

    Hive keeps a deleted pool until its claimed clusters are gone, and the trigger, which could release them, goes
    before the pool. Without these the deletion would wait for the claims' lifetime, hours at full price, and time out.

    Before a pool is deleted, be it by a destroy, because it left the config, or to be replaced, its namespace is
    drained (see `drain.steps.drain`). Afterwards claims may come again, for a pool that was replaced. The engine calls
    hooks only while the program runs: `pulumi destroy` refuses without `--run-program`, before it deletes the pool.

    Args:
        context: the hub's context in the kubeconfig.
        kubeconfig: path of the kubeconfig; None: as kubectl finds it.
        workload: the application, which the burst clusters serve.
    """
    application = Application(workload.namespace, workload.name)

    async def before(args: pulumi.ResourceHookArgs) -> None:
        # In a thread, so that what else the engine asks of the program is answered meanwhile.
        await asyncio.to_thread(
            lambda: drain(Hub(context, kubeconfig), [_place(args)], application, say=pulumi.log.info, timeout=TIMEOUT)
        )

    async def after(args: pulumi.ResourceHookArgs) -> None:
        await asyncio.to_thread(lambda: resume(Hub(context, kubeconfig), [_place(args)], say=pulumi.log.debug))

    return pulumi.ResourceHookBinding(
        before_delete=[pulumi.ResourceHook("drain-pool", before)],
        after_delete=[pulumi.ResourceHook("resume-claims", after)],
    )


def _place(args: pulumi.ResourceHookArgs) -> str:
    """Return the namespace of the pool that is deleted."""
    return str((args.old_inputs or {})["metadata"]["namespace"])
