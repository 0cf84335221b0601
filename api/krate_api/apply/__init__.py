"""Server-side apply: the published structured-merge-diff algorithm over plain JSON values.

`values` and `elements` say what a value and a step of a path are, `fieldsets` what a set of fields is; `typedefs` is a
schema compiled for merging, `schemas` compiles it; `fieldmanager` is what the registry calls. Source of the rules:
sigs.k8s.io/structured-merge-diff/v6 and AM/pkg/util/managedfields.
"""
