"""Storage of objects, their change log and private rows, behind one port."""
