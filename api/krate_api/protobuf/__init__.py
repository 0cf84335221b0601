"""Protobuf request bodies of Kubernetes' own kinds: reading them, and the field numbers of their messages."""
