"""Field numbers of CustomResourceDefinitions, in `fields`' notation: facts of the published generated.proto file.

Source: AE/pkg/apis/apiextensions/v1/generated.proto.
"""

from collections.abc import Mapping
from typing import Final

_SCHEMAS: Final = "JSONSchemaProps"

DEFINITIONS: Final[Mapping[str, str]] = {
    "CustomResourceDefinition": (
        "1 metadata:ObjectMeta, 2 spec:CustomResourceDefinitionSpec, 3 status:CustomResourceDefinitionStatus"
    ),
    "CustomResourceDefinitionSpec": (
        "1 group:s, 3 names:CustomResourceDefinitionNames, 4 scope:s, 7 versions:CustomResourceDefinitionVersion[], "
        "9 conversion:CustomResourceConversion, 10 preserveUnknownFields:!"
    ),
    "CustomResourceDefinitionNames": (
        "1 plural:s, 2 singular:s, 3 shortNames:s[], 4 kind:s, 5 listKind:s, 6 categories:s[]"
    ),
    "CustomResourceDefinitionStatus": (
        "1 conditions:CustomResourceDefinitionCondition[], 2 acceptedNames:CustomResourceDefinitionNames, "
        "3 storedVersions:s[], 4 observedGeneration:n"
    ),
    "CustomResourceDefinitionCondition": (
        "1 type:s, 2 status:s, 3 lastTransitionTime:t, 4 reason:s, 5 message:s, 6 observedGeneration:n"
    ),
    "CustomResourceDefinitionVersion": (
        "1 name:s, 2 served:?, 3 storage:?, 4 schema:CustomResourceValidation, "
        "5 subresources:CustomResourceSubresources, 6 additionalPrinterColumns:CustomResourceColumnDefinition[], "
        "7 deprecated:!, 8 deprecationWarning:s, 9 selectableFields:SelectableField[]"
    ),
    "CustomResourceValidation": "1 openAPIV3Schema:JSONSchemaProps",
    "CustomResourceSubresources": ("1 status:CustomResourceSubresourceStatus, 2 scale:CustomResourceSubresourceScale"),
    "CustomResourceSubresourceStatus": "",
    "CustomResourceSubresourceScale": "1 specReplicasPath:s, 2 statusReplicasPath:s, 3 labelSelectorPath:s",
    "CustomResourceColumnDefinition": "1 name:s, 2 type:s, 3 format:s, 4 description:s, 5 priority:n, 6 jsonPath:s",
    "SelectableField": "1 jsonPath:s",
    "CustomResourceConversion": "1 strategy:s, 2 webhook:WebhookConversion",
    "WebhookConversion": "2 clientConfig:WebhookClientConfig, 3 conversionReviewVersions:s[]",
    "WebhookClientConfig": "1 service:ServiceReference, 2 caBundle:b, 3 url:s",
    "ServiceReference": "1 namespace:s, 2 name:s, 3 path:s, 4 port:i",
    _SCHEMAS: (
        "1 id:s, 2 $schema:s, 3 $ref:s, 4 description:s, 5 type:s, 6 format:s, 7 title:s, 8 default:JSON, "
        "9 maximum:d, 10 exclusiveMaximum:!, 11 minimum:d, 12 exclusiveMinimum:!, 13 maxLength:i, 14 minLength:i, "
        "15 pattern:s, 16 maxItems:i, 17 minItems:i, 18 uniqueItems:!, 19 multipleOf:d, 20 enum:JSON[], "
        "21 maxProperties:i, 22 minProperties:i, 23 required:s[], 24 items:JSONSchemaPropsOrArray, "
        f"25 allOf:{_SCHEMAS}[], 26 oneOf:{_SCHEMAS}[], 27 anyOf:{_SCHEMAS}[], 28 not:{_SCHEMAS}, "
        f"29 properties:{_SCHEMAS}{{}}, 30 additionalProperties:JSONSchemaPropsOrBool, "
        f"31 patternProperties:{_SCHEMAS}{{}}, 32 dependencies:JSONSchemaPropsOrStringArray{{}}, "
        f"33 additionalItems:JSONSchemaPropsOrBool, 34 definitions:{_SCHEMAS}{{}}, "
        "35 externalDocs:ExternalDocumentation, 36 example:JSON, 37 nullable:!, "
        "38 x-kubernetes-preserve-unknown-fields:?, 39 x-kubernetes-embedded-resource:!, "
        "40 x-kubernetes-int-or-string:!, 41 x-kubernetes-list-map-keys:s[], 42 x-kubernetes-list-type:s, "
        "43 x-kubernetes-map-type:s, 44 x-kubernetes-validations:ValidationRule[]"
    ),
    "JSONSchemaPropsOrArray": f"1 schema:{_SCHEMAS}, 2 jSONSchemas:{_SCHEMAS}[]",
    "JSONSchemaPropsOrBool": f"1 allows:?, 2 schema:{_SCHEMAS}",
    "JSONSchemaPropsOrStringArray": f"1 schema:{_SCHEMAS}, 2 property:s[]",
    "ExternalDocumentation": "1 description:s, 2 url:s",
    "ValidationRule": "1 rule:s, 2 message:s, 3 messageExpression:s, 4 reason:s, 5 fieldPath:s, 6 optionalOldSelf:?",
}
