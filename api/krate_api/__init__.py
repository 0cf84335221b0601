"""The API server: Kubernetes semantics for every row of the table of kinds, over one store."""
