"""Specs of the custom resources that Spillway writes, one module for each upstream project.

A model holds only the fields that the program sets. Names, types and meaning are upstream's; the module
says where they are defined. Every field is checked against the upstream CRD in `tests/conformance`.
"""
