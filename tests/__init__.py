"""Tests, one folder a layer; `ledger.py` runs them all."""
