"""What an empty installation starts with: namespaces, roles, bindings and the controllers' accounts."""
