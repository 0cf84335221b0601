"""The Common Expression Language: the only home of cel-expr-python.

environment   what an expression may name, and compiling one
composition   named variables that expressions share (`variables.x`)
engine        the binding to Google's C++ engine, and the functions of Kubernetes it lacks
gaps          what Kubernetes and Kyverno offer and this engine does not: it fails to compile
syntax, cost  the checked tree, and a bound on what evaluating it can cost
values        plain Python values in and out, without loss
"""
