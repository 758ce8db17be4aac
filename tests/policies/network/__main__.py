"""A program with the kinds that only some shipped stacks have, each as its guardrails want it."""

import json

import pulumi


class Object(pulumi.CustomResource):
    def __init__(self, kind: str, name: str, spec: dict, **more: object):
        properties = {"metadata": {"name": name, "namespace": "net"}, "spec": spec, **more}
        super().__init__(
            f"kubernetes:{kind}", name, properties, pulumi.ResourceOptions(delete_before_replace=True, protect=True)
        )


class Plain(pulumi.CustomResource):
    def __init__(self, kind: str, name: str, properties: dict):
        super().__init__(kind, name, properties)


Object("skupper.io/v2alpha1:Site", "site", {"linkAccess": "none"})
Object("skupper.io/v2alpha1:Link", "link", {"cost": 1, "tlsCredentials": "link-c1"})
Object("skupper.io/v2alpha1:AccessToken", "token", {"linkCost": 1})
Object("skupper.io/v2alpha1:Connector", "connector", {"routingKey": "app"})
Object("skupper.io/v2alpha1:Listener", "listener", {"routingKey": "app"})
Object("metallb.io/v1beta1:IPAddressPool", "pool-a", {"addresses": ["192.0.2.1-192.0.2.9"]})
Object("metallb.io/v1beta1:IPAddressPool", "pool-b", {"addresses": ["192.0.2.16/28"]})
Object("metallb.io/v1beta1:L2Advertisement", "all", {"ipAddressPools": ["pool-a", "pool-b"]})
Object("core/v1:Secret", "link-c1", {}, stringData={"tls.crt": "certificate"})
Plain("aws:iam/user:User", "installer", {"name": "installer"})
allowed = {"Effect": "Allow", "Action": ["ec2:RunInstances"], "Resource": "*"}
Plain("aws:iam/policy:Policy", "installer", {"policy": json.dumps({"Statement": [allowed]})})
