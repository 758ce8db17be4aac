"""Spillway's building blocks, one ComponentResource a file."""
