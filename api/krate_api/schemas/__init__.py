"""Structural schemas at work: `structural.StructuralSchema` prunes, defaults and validates; compiled once per kind."""
