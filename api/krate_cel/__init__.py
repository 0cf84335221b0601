"""The Common Expression Language: the only home of cel-expr-python.

    environment   what an expression may name, and compiling one
    composition   named variables that expressions share (`variables.x`)
    engine        the binding to Google's C++ engine
    macros        functions of Kubernetes that it lacks, written in CEL; expansion puts them in their place
    binding       a wrong answer of the engine, made right; references: a leak of it, repaid
    gaps          what Kubernetes and Kyverno offer and this engine does not: it fails to compile
    syntax, cost  the checked tree, and a bound on what evaluating it can cost (extents); patterns: regular expressions
    values        plain Python values in and out, without loss

Admission policies and the rules of the receive path are evaluated with it; it knows neither.
"""
