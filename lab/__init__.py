"""The laptop lab: a real control plane, an engine for where Pulumi is not installed, and a simulator of the rest."""
