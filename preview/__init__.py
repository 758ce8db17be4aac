"""Evaluates a stack without an engine, a cluster or an account, and shows what it would create."""
