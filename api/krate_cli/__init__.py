"""The `krate` command: runs everything on one machine, and speaks to any Kubernetes API as kubectl would."""
