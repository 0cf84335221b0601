"""Policies in CEL, evaluated in process: ValidatingAdmissionPolicy and Kyverno's ValidatingPolicy.

    index      policies and bindings as watch events bring them; which look at a request
    expressions, inputs, params    what a policy compiles to, and the values it is evaluated for
    vap        ValidatingAdmissionPolicyValidator: upstream's decisions, texts and codes
    kyverno, webhooks    KyvernoValidator: what a client sees when Kyverno answers through its webhooks
    status     what the server writes into a policy's status

The validators do no I/O but the look-ups they are given, and no evaluation is unbounded (`krate_cel.cost`).
"""
