"""Who may do what: the RBAC objects, evaluated by us."""
