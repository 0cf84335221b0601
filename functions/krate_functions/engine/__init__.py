"""The reconcile of a composite without a cluster: what `krate render` and embedded mode run.

It reproduces Crossplane core 2.4 (the parity target; behaviour read from its sources, nothing copied): names, metadata,
the requirement loop, readiness, conditions and results. Importing it costs neither gRPC nor protobuf.
"""
