"""Policies written in CEL: admissionregistration.k8s.io/v1 and policies.kyverno.io/v1."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from krate.models.meta import ATOMIC, ConditionedStatus, FreeForm, LabelSelector, Model, Resource, list_map


class Failure(StrEnum):
    """What an evaluation error means."""

    FAIL = "Fail"
    IGNORE = "Ignore"


class NamedRule(Model):
    """Operations on resources, optionally by name."""

    operations: tuple[str, ...] = ()
    """CREATE, UPDATE, DELETE, CONNECT or `*`."""
    api_groups: tuple[str, ...] = ()
    """API groups; `*` means all."""
    api_versions: tuple[str, ...] = ()
    """API versions; `*` means all."""
    resources: tuple[str, ...] = ()
    """Resources; `pods/log` is a subresource, `*/*` everything."""
    resource_names: tuple[str, ...] = ()
    """Names; empty means all."""
    scope: str | None = None
    """Cluster, Namespaced or `*`."""


class MatchResources(Model):
    """Which requests a policy looks at."""

    model_config = ATOMIC

    namespace_selector: LabelSelector | None = None
    """Labels of the object's namespace."""
    object_selector: LabelSelector | None = None
    """Labels of the object, old or new."""
    resource_rules: tuple[NamedRule, ...] = ()
    """Requests that are meant."""
    exclude_resource_rules: tuple[NamedRule, ...] = ()
    """Requests that are not meant."""
    match_policy: str | None = None
    """Exact or Equivalent."""


class MatchCondition(Model):
    """A CEL condition that must hold for the policy to apply."""

    name: str
    """Name of the condition."""
    expression: str
    """CEL; false skips the policy."""


class Variable(Model):
    """A named CEL expression, usable as `variables.<name>`."""

    name: str
    """Name of the variable."""
    expression: str
    """CEL."""


class Validation(Model):
    """One CEL check."""

    expression: str
    """CEL; false fails the policy."""
    message: str = ""
    """What the user reads."""
    message_expression: str = ""
    """CEL that gives the message; it wins over `message`."""
    reason: str | None = None
    """Reason of the Status: Invalid, Forbidden, Unauthorized or RequestEntityTooLarge."""


class AuditAnnotation(Model):
    """A fact recorded with the request."""

    key: str
    """Key of the annotation."""
    value_expression: str
    """CEL that gives the value; null records nothing."""


class ParamKind(Model):
    """The kind of the parameters."""

    model_config = ATOMIC

    api_version: Annotated[str, Field(alias="apiVersion")] = ""
    """API version."""
    kind: str = ""
    """Kind."""


class ValidatingAdmissionPolicySpec(Model):
    """What is checked, and when."""

    param_kind: ParamKind | None = None
    """Kind of the parameters."""
    match_constraints: MatchResources | None = None
    """Which requests the policy looks at."""
    validations: tuple[Validation, ...] = ()
    """The checks; all must hold."""
    failure_policy: Failure = Failure.FAIL
    """What an evaluation error means."""
    audit_annotations: tuple[AuditAnnotation, ...] = ()
    """Facts recorded with the request."""
    match_conditions: Annotated[tuple[MatchCondition, ...], Field(json_schema_extra=list_map("name"))] = ()
    """Conditions that must hold for the policy to apply."""
    variables: Annotated[tuple[Variable, ...], Field(json_schema_extra=list_map("name"))] = ()
    """Named expressions."""


class ExpressionWarning(Model):
    """A doubt about an expression."""

    field_ref: str
    """Path of the field with the expression."""
    warning: str
    """What is doubtful."""


class TypeChecking(Model):
    """What was found when the types of expressions were checked."""

    expression_warnings: tuple[ExpressionWarning, ...] = ()
    """Doubts about expressions."""


class ValidatingAdmissionPolicyStatus(ConditionedStatus):
    """What became of the policy."""

    type_checking: TypeChecking | None = None
    """Problems found in the expressions."""


class ValidatingAdmissionPolicy(Resource):
    """ValidatingAdmissionPolicy describes an admission validation policy that accepts or rejects an object."""

    spec: ValidatingAdmissionPolicySpec = ValidatingAdmissionPolicySpec()
    """What is checked, and when."""
    status: ValidatingAdmissionPolicyStatus = ValidatingAdmissionPolicyStatus()
    """What became of the policy."""


class ParamRef(Model):
    """Where the parameters of a binding are."""

    model_config = ATOMIC

    name: str = ""
    """Name of the parameter object."""
    namespace: str = ""
    """Its namespace."""
    selector: LabelSelector | None = None
    """Parameter objects by label."""
    parameter_not_found_action: str | None = None
    """Allow or Deny."""


class ValidatingAdmissionPolicyBindingSpec(Model):
    """Which policy applies where."""

    policy_name: str = ""
    """Name of the ValidatingAdmissionPolicy."""
    param_ref: ParamRef | None = None
    """Where the parameters are."""
    match_resources: MatchResources | None = None
    """Requests the binding is limited to."""
    validation_actions: Annotated[tuple[str, ...], Field(json_schema_extra={"x-kubernetes-list-type": "set"})] = ()
    """Deny, Warn, Audit."""


class ValidatingAdmissionPolicyBinding(Resource):
    """ValidatingAdmissionPolicyBinding binds a ValidatingAdmissionPolicy with parameterized resources."""

    spec: ValidatingAdmissionPolicyBindingSpec = ValidatingAdmissionPolicyBindingSpec()
    """Which policy applies where."""


class Switch(Model):
    """Something that can be turned off."""

    enabled: bool | None = None
    """Whether it is on."""


class Evaluation(Model):
    """When a Kyverno policy is evaluated."""

    mode: str | None = None
    """Kubernetes or JSON."""
    admission: Switch | None = None
    """Whether it judges requests."""
    background: Switch | None = None
    """Whether it scans existing objects."""


class ValidatingPolicySpec(Model):
    """What a Kyverno policy checks, and when."""

    validation_actions: Annotated[tuple[str, ...], Field(json_schema_extra={"x-kubernetes-list-type": "set"})] = (
        "Deny",
    )
    """Deny, Audit, Warn."""
    failure_policy: Failure = Failure.FAIL
    """What an evaluation error means."""
    match_constraints: MatchResources | None = None
    """Which requests the policy looks at."""
    match_conditions: Annotated[tuple[MatchCondition, ...], Field(json_schema_extra=list_map("name"))] = ()
    """Conditions that must hold for the policy to apply."""
    variables: Annotated[tuple[Variable, ...], Field(json_schema_extra=list_map("name"))] = ()
    """Named expressions."""
    validations: tuple[Validation, ...] = ()
    """The checks; all must hold."""
    audit_annotations: tuple[AuditAnnotation, ...] = ()
    """Facts recorded with the request."""
    evaluation: Evaluation | None = None
    """When the policy is evaluated."""
    webhook_configuration: FreeForm | None = None
    """Settings of Kyverno's webhook; without meaning to the built-in engine."""
    autogen: FreeForm | None = None
    """Generation for pod controllers; without meaning to the built-in engine."""


class ConditionStatus(Model):
    """Whether a Kyverno policy is in force."""

    ready: bool | None = None
    """Whether the policy is in force."""
    message: str = ""
    """Why it is not."""
    conditions: tuple[FreeForm, ...] = ()
    """Observations of the policy's state."""


class ValidatingPolicyStatus(Model):
    """What became of a Kyverno policy."""

    condition_status: ConditionStatus | None = None
    """Whether the policy is in force."""


class ValidatingPolicy(Resource):
    """ValidatingPolicy is Kyverno's cluster-wide CEL policy."""

    spec: ValidatingPolicySpec = ValidatingPolicySpec()
    """What is checked, and when."""
    status: ValidatingPolicyStatus = ValidatingPolicyStatus()
    """What became of the policy."""


class NamespacedValidatingPolicy(Resource):
    """NamespacedValidatingPolicy is Kyverno's CEL policy for one namespace."""

    spec: ValidatingPolicySpec = ValidatingPolicySpec()
    """What is checked, and when."""
    status: ValidatingPolicyStatus = ValidatingPolicyStatus()
    """What became of the policy."""
