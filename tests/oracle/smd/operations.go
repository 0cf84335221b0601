package main

import (
	"bytes"
	"encoding/json"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/typed"
)

func set(raw json.RawMessage) *fieldpath.Set {
	found := fieldpath.NewSet()
	must(found.FromJSON(bytes.NewReader(raw)))
	return found
}

func written(fields *fieldpath.Set) string {
	found, err := fields.ToJSON()
	must(err)
	return string(found)
}

// typedOf is the object with the type of the schema that the request brought.
func typedOf(asked request, object map[string]any, options ...typed.ValidationOptions) (*typed.TypedValue, error) {
	schemas := map[string]json.RawMessage{"v1": asked.Schema}
	object["apiVersion"], object["kind"] = group+"/v1", kind
	return converter(schemas).ObjectToTyped(&unstructured.Unstructured{Object: object}, options...)
}

func operate(asked request) answer {
	options := []typed.ValidationOptions{}
	if asked.Duplicates {
		options = append(options, typed.AllowDuplicates)
	}
	left, err := typedOf(asked, asked.Left, options...)
	if err != nil {
		return answer{"error": err.Error()}
	}
	switch asked.Do {
	case "fields":
		fields, err := left.ToFieldSet()
		return setOr(fields, err)
	case "remove":
		return answer{"object": left.RemoveItems(set(asked.Fields)).AsValue().Unstructured()}
	case "extract":
		return answer{"object": left.ExtractItems(set(asked.Fields), typed.WithAppendKeyFields()).AsValue().Unstructured()}
	case "reconcile":
		fields := set(asked.Fields)
		reconciled, err := typed.ReconcileFieldSetWithSchema(fields, left)
		if reconciled == nil {
			reconciled = fields
		}
		return setOr(reconciled, err)
	}
	right, err := typedOf(asked, asked.Right)
	if err != nil {
		return answer{"error": err.Error()}
	}
	if asked.Do == "merge" {
		merged, err := left.Merge(right)
		if err != nil {
			return answer{"error": err.Error()}
		}
		return answer{"object": merged.AsValue().Unstructured()}
	}
	compared, err := left.Compare(right)
	if err != nil {
		return answer{"error": err.Error()}
	}
	return answer{
		"removed":  written(compared.Removed),
		"modified": written(compared.Modified),
		"added":    written(compared.Added),
	}
}

func setOr(fields *fieldpath.Set, err error) answer {
	if err != nil {
		return answer{"error": err.Error()}
	}
	return answer{"fields": written(fields), "paths": fields.String()}
}

func sets(asked request) answer {
	left, right := set(asked.Fields), set(asked.Others)
	return answer{
		"left":         written(left),
		"union":        written(left.Union(right)),
		"intersection": written(left.Intersection(right)),
		"difference":   written(left.Difference(right)),
		"without":      written(left.RecursiveDifference(right)),
		"leaves":       written(left.Leaves()),
		"paths":        left.String(),
	}
}
