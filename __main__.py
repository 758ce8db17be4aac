"""Spillway: carries an application's traffic bursts into clusters that exist only while the burst lasts."""

import pulumi

import settings
from stacks.hub import hub

config, credentials = settings.from_pulumi()
for output, value in hub(config, credentials).items():
    pulumi.export(output, value)
