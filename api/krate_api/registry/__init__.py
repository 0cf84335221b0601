"""Create, read, update, patch and delete for any kind: one path, in the order the design fixes."""
