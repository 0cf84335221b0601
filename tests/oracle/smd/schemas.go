package main

import (
	_ "embed" // the published definitions
	"encoding/json"

	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

const (
	group   = "oracle.example"
	kind    = "Thing"
	metaRef = "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
)

// The published definitions of ObjectMeta and what it refers to.
//
//go:embed objectmeta.json
var published []byte

// models are the definitions of a kind: its versions' structural schemas, and ObjectMeta.
func models(schemas map[string]json.RawMessage) map[string]*spec.Schema {
	found := map[string]*spec.Schema{}
	must(json.Unmarshal(published, &found))
	for version, raw := range schemas {
		var schema spec.Schema
		must(json.Unmarshal(raw, &schema))
		embed(&schema, true)
		schema.AddExtension("x-kubernetes-group-version-kind", []any{
			map[string]any{"group": group, "version": version, "kind": kind},
		})
		found[version] = &schema
	}
	return found
}

// embed gives objects of the API the fields that all of them have, as the builder of custom resources' OpenAPI does.
func embed(schema *spec.Schema, whole bool) {
	if schema == nil {
		return
	}
	for name, property := range schema.Properties {
		embed(&property, false)
		schema.Properties[name] = property
	}
	if schema.Items != nil {
		embed(schema.Items.Schema, false)
	}
	if schema.AdditionalProperties != nil {
		embed(schema.AdditionalProperties.Schema, false)
	}
	if embedded, ok := schema.Extensions.GetBool("x-kubernetes-embedded-resource"); whole || (ok && embedded) {
		schema.SetProperty("apiVersion", *spec.StringProperty())
		schema.SetProperty("kind", *spec.StringProperty())
		schema.SetProperty("metadata", *spec.RefSchema(metaRef))
	}
}

var converters = map[string]managedfields.TypeConverter{}

func converter(schemas map[string]json.RawMessage) managedfields.TypeConverter {
	key, err := json.Marshal(schemas)
	must(err)
	if found, ok := converters[string(key)]; ok {
		return found
	}
	if len(converters) > 256 {
		clear(converters)
	}
	found, err := managedfields.NewTypeConverter(models(schemas), false)
	must(err)
	converters[string(key)] = found
	return found
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
