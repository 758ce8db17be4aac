"""Spillway: carries an application's traffic bursts into clusters that exist only while the burst lasts."""

import pulumi

import settings
from stacks.hub import hub
from stacks.mesh import mesh

config, credentials = settings.from_pulumi()
outputs = mesh(config.mesh) if isinstance(config, settings.MeshSettings) else hub(config, credentials)
for output, value in outputs.items():
    pulumi.export(output, value)
