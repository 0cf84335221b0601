"""What the schema of a CustomResourceDefinition must be; what its root must be is said where definitions are.

After validateCustomResourceDefinitionValidation in AX/pkg/apis/apiextensions/validation/validation.go: an unsound
schema is not asked for its defaults, unsound defaults not for the rules.
"""

from typing import Any

from krate.errors import Cause
from krate.schema import Schema
from krate_api.schemas import causes, defaults, standards, structure


def problems(schema: Schema, path: str) -> list[Cause]:
    """What is wrong with a schema.

    Args:
        schema: what openAPIV3Schema holds, of the right types.
        path: where it stands.
    """
    unsound: list[Cause] = []
    readable = structure.is_readable(schema)
    if readable:
        unsound = structure.problems(schema, path) or defaults.problems(schema, path, _no_rules)
    found = unsound + standards.problems(schema, path, None)
    if not found and not readable:
        found.append(causes.invalid(path, "", "OpenAPIV3Schema 'schema' is not supported"))
    return found


def _no_rules(_: Schema, __: Any, ___: str) -> list[Cause]:
    return []
