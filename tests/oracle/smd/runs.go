package main

import (
	"encoding/json"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// step is one write of an object.
type step struct {
	Do          string                     `json:"do"`
	Version     string                     `json:"version"`
	Subresource string                     `json:"subresource"`
	Reset       map[string]json.RawMessage `json:"reset"`
	Manager     string                     `json:"manager"`
	Force       bool                       `json:"force"`
	Object      map[string]any             `json:"object"`
}

// world stands in for the API server: objects are created empty, not defaulted, and converted by their apiVersion.
type world struct{ versions map[string]json.RawMessage }

func (w world) New(gvk schema.GroupVersionKind) (runtime.Object, error) {
	found := &unstructured.Unstructured{Object: map[string]any{}}
	found.SetGroupVersionKind(gvk)
	return found, nil
}

func (w world) Default(runtime.Object) {}

func (w world) Convert(any, any, any) error { return errors.New("not asked for") }

func (w world) ConvertFieldLabel(schema.GroupVersionKind, string, string) (string, string, error) {
	return "", "", errors.New("not asked for")
}

func (w world) ConvertToVersion(in runtime.Object, target runtime.GroupVersioner) (runtime.Object, error) {
	from := in.GetObjectKind().GroupVersionKind()
	to, _ := target.KindForGroupVersionKinds([]schema.GroupVersionKind{from})
	if _, ok := w.versions[to.Version]; !ok {
		return nil, runtime.NewNotRegisteredErrForTarget("oracle", nil, target)
	}
	out := in.DeepCopyObject()
	out.GetObjectKind().SetGroupVersionKind(to)
	return out, nil
}

func run(asked request) answer {
	there := world{asked.Schemas}
	types := converter(asked.Schemas)
	var live *unstructured.Unstructured
	results := []answer{}
	for number, next := range asked.Steps {
		gvk := schema.GroupVersionKind{Group: group, Version: next.Version, Kind: kind}
		reset := map[fieldpath.APIVersion]fieldpath.Filter{}
		for version, fields := range next.Reset {
			reset[fieldpath.APIVersion(group+"/"+version)] = fieldpath.NewExcludeSetFilter(set(fields))
		}
		manager, err := managedfields.NewDefaultCRDFieldManager(
			types, there, there, there, gvk, gvk.GroupVersion(), next.Subresource, reset)
		must(err)
		before := live
		if before == nil {
			empty, _ := there.New(gvk)
			before = empty.(*unstructured.Unstructured)
		}
		before = before.DeepCopy()
		before.SetAPIVersion(gvk.GroupVersion().String())
		written := &unstructured.Unstructured{Object: next.Object}
		var out runtime.Object
		if next.Do == "apply" {
			out, err = manager.Apply(before, written, next.Manager, next.Force)
		} else {
			out = manager.UpdateNoErrors(before, written, next.Manager)
		}
		if err != nil {
			results = append(results, failure(err))
			continue
		}
		live = out.(*unstructured.Unstructured)
		if live.GetUID() == "" {
			live.SetUID("1")
		}
		settle(live, number)
		results = append(results, answer{"object": live.DeepCopy().Object})
	}
	return answer{"results": results}
}

func failure(err error) answer {
	found := answer{"error": err.Error()}
	status := apierrors.APIStatus(nil)
	if errors.As(err, &status) {
		found["code"] = status.Status().Code
		if details := status.Status().Details; details != nil {
			found["causes"] = details.Causes
		}
	}
	return found
}

var epoch = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

// settle makes the times of a step the step's own, so that answers do not depend on the clock.
func settle(live *unstructured.Unstructured, number int) {
	entries := live.GetManagedFields()
	for i := range entries {
		if entries[i].Time != nil && entries[i].Time.Year() != epoch.Year() {
			entries[i].Time = &metav1.Time{Time: epoch.Add(time.Duration(number) * time.Second)}
		}
	}
	if len(entries) > 0 {
		live.SetManagedFields(entries)
	}
}
