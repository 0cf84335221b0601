"""Actions and views below objects: one file per family, one handler per (kind, subresource)."""
