"""Honest naive twins: what one would write first."""
