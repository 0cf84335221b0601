"""Libraries of Kubernetes that the engine lacks, in Python."""
