"""What the schema of a CustomResourceDefinition must be; what its root must be is said where definitions are.

After validateCustomResourceDefinitionValidation in AX/pkg/apis/apiextensions/validation/validation.go: an unsound
schema is not asked for its defaults, unsound defaults not for the rules.
"""

from typing import TYPE_CHECKING, Any

from krate.errors import Cause
from krate.schema import Schema
from krate_api.schemas import causes, defaults, standards, structure
from krate_api.schemas.nodes import has_rules

if TYPE_CHECKING:
    from krate_api.schemas.ruling import Judging


def problems(schema: Schema, path: str) -> list[Cause]:
    """What is wrong with a schema.

    Args:
        schema: what openAPIV3Schema holds, of the right types.
        path: where it stands.
    """
    unsound: list[Cause] = []
    readable = structure.is_readable(schema)
    if readable:
        unsound = structure.problems(schema, path) or defaults.problems(schema, path, _default_problems)
    judging = None if unsound or not readable else _judging(schema)
    found = unsound + standards.problems(schema, path, judging)
    if not found and not readable:
        found.append(causes.invalid(path, "", "OpenAPIV3Schema 'schema' is not supported"))
    return [*found, *(judging.total(path) if judging else ())]


def _judging(schema: Schema) -> "Judging | None":
    if not has_rules(schema):
        return None
    from krate_api.schemas.ruling import Judging  # noqa: PLC0415 - loads the CEL engine

    return Judging()


def _default_problems(schema: Schema, default: Any, path: str) -> list[Cause]:
    if not has_rules(schema):
        return []
    from krate_api.schemas import ruling  # noqa: PLC0415 - loads the CEL engine

    return ruling.default_problems(schema, default, path)
