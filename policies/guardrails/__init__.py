"""The rules of Spillway's guardrails.

The package imports nothing of the program, and its own modules only relatively. So it works under both of its names: as
`guardrails`, when Pulumi runs the pack with `policies/` as its folder, and as `policies.guardrails`, when the preview
imports it from the project's folder.
"""
