"""What draining does in a burst cluster: takes the application out of the network, and sees its pods end."""

from typing import Any, NamedTuple, cast

import yaml

# A cluster that cannot be reached must not hold up its own removal.
SECONDS = 10


class UnreachableError(Exception):
    """A burst cluster cannot be asked; the message says why."""


class Application(NamedTuple):
    """The Deployment that bursts carry, by namespace and name."""

    namespace: str
    name: str


def withdraw(kubeconfig: str, application: Application) -> int:
    """Scale the application to zero in a burst cluster, and return how many of its pods have not ended yet.

    Skupper takes a pod that ends out of its targets, so that no new connection reaches it; the pod ends when it has
    finished those that it has, or after its grace period. Argo CD leaves the replicas as they are.

    Args:
        kubeconfig: the cluster's, as text.
        application: what runs there; none of it is zero pods.

    Raises:
        UnreachableError: the cluster does not answer, or refuses.
    """
    # Here, because it takes half a second, and most runs of the program do not call the hooks that need it.
    from kubernetes import client, config  # noqa: PLC0415
    from kubernetes.client.exceptions import ApiException  # noqa: PLC0415
    from kubernetes.config import ConfigException  # noqa: PLC0415
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    settings: Any = client.Configuration()
    settings.retries = 0
    try:
        cast(Any, config).load_kube_config_from_dict(yaml.safe_load(kubeconfig), client_configuration=settings)
        api = client.ApiClient(settings)
        return _withdraw(client.AppsV1Api(api), client.CoreV1Api(api), application)
    except ApiException as error:
        if error.status == 404:  # pyright: ignore[reportUnknownMemberType]
            return 0
        raise UnreachableError(f"it refuses: {error.status} {error.reason}") from None  # pyright: ignore[reportUnknownMemberType]
    except (ConfigException, yaml.YAMLError):
        # Without the cause, which may quote the file.
        raise UnreachableError("its kubeconfig cannot be used") from None
    except (HTTPError, OSError) as error:
        raise UnreachableError(f"it cannot be reached ({type(error).__name__})") from None


def _withdraw(apps: Any, core: Any, application: Application) -> int:
    where = {"name": application.name, "namespace": application.namespace, "_request_timeout": SECONDS}
    deployment = apps.read_namespaced_deployment(**where)
    if deployment.spec.replicas:
        apps.patch_namespaced_deployment_scale(body={"spec": {"replicas": 0}}, **where)
    labels: dict[str, str] = deployment.spec.selector.match_labels or {}
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    pods = core.list_namespaced_pod(application.namespace, label_selector=selector, _request_timeout=SECONDS)
    return len(pods.items)
