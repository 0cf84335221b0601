"""CustomResourceDefinition (apiextensions.k8s.io/v1): from the object that is applied to kinds that are served."""
