"""Evaluation of checked expressions in Python, with the values, the words and the costs of cel-go.

The rules of CustomResourceDefinitions need what the C++ engine cannot give: functions of Kubernetes over types of its
own (quantities, addresses, versions), and upstream's cost, unit by unit, because a rule over its budget is an answer
that clients see. The engine still parses and checks; its checked tree is compiled to closures here.

    tree         the checked expression, with types and overloads
    plan         closures; frames hold variables and what was spent
    functions    standard functions by name; `texts`, `lists`, `times`, `comparison` and `krate_cel.libraries` hold more
    costs        what a call costs, after AS/pkg/cel/library/cost.go and cel-go's interpreter/runtimecost.go
    estimates    what an expression can cost at most, before it runs (cel-go's checker/cost.go)
"""
