"""Fields of admission policies and their bindings: facts of the published generated.proto file.

Source: api/admissionregistration/v1/generated.proto. The notation is that of `fields`.
"""

from collections.abc import Mapping
from typing import Final

POLICIES: Final[Mapping[str, str]] = {
    "ValidatingAdmissionPolicy": (
        "1 metadata:ObjectMeta, 2 spec:ValidatingAdmissionPolicySpec, 3 status:ValidatingAdmissionPolicyStatus"
    ),
    "ValidatingAdmissionPolicySpec": (
        "1 paramKind:ParamKind, 2 matchConstraints:MatchResources, 3 validations:Validation[], "
        "4 failurePolicy:s=v1.FailurePolicyType*, 5 auditAnnotations:AuditAnnotation[], "
        "6 matchConditions:MatchCondition[], 7 variables:Variable[]"
    ),
    "ValidatingAdmissionPolicyStatus": "1 observedGeneration:n, 2 typeChecking:TypeChecking, 3 conditions:Condition[]",
    "ValidatingAdmissionPolicyBinding": "1 metadata:ObjectMeta, 2 spec:ValidatingAdmissionPolicyBindingSpec",
    "ValidatingAdmissionPolicyBindingSpec": (
        "1 policyName:s, 2 paramRef:ParamRef, 3 matchResources:MatchResources, "
        "4 validationActions:s[]=v1.ValidationAction"
    ),
    "ParamKind": "1 apiVersion:s, 2 kind:s",
    "ParamRef": (
        "1 name:s, 2 namespace:s, 3 selector:LabelSelector, 4 parameterNotFoundAction:s=v1.ParameterNotFoundActionType*"
    ),
    "MatchResources": (
        "1 namespaceSelector:LabelSelector, 2 objectSelector:LabelSelector, 3 resourceRules:NamedRuleWithOperations[], "
        "4 excludeResourceRules:NamedRuleWithOperations[], 7 matchPolicy:s=v1.MatchPolicyType*"
    ),
    "NamedRuleWithOperations": "1 resourceNames:s[], 2 :RuleWithOperations",
    "RuleWithOperations": "1 operations:s[]=v1.OperationType, 2 :Rule",
    "Rule": "1 apiGroups:s[], 2 apiVersions:s[], 3 resources:s[], 4 scope:s=v1.ScopeType*",
    "Validation": "1 expression:s*, 2 message:s, 3 reason:s=v1.StatusReason*, 4 messageExpression:s",
    "MatchCondition": "1 name:s*, 2 expression:s*",
    "Variable": "1 name:s*, 2 expression:s*",
    "AuditAnnotation": "1 key:s*, 2 valueExpression:s*",
    "TypeChecking": "1 expressionWarnings:ExpressionWarning[]",
    "ExpressionWarning": "2 fieldRef:s*, 3 warning:s*",
}
