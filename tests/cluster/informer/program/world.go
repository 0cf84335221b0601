package main

import (
	"context"
	"fmt"
	"math/rand"
	"strconv"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

type kind struct {
	schema.GroupVersionResource
	name string
}

func newKind(group, version, plural, name string) kind {
	return kind{schema.GroupVersionResource{Group: group, Version: version, Resource: plural}, name}
}

// The server under judgement, and a writer that makes random changes in bursts.
type world struct {
	config     *rest.Config
	client     dynamic.Interface
	namespaces []string
	kinds      []kind
	wire       *wire
	writes     int
	dice       *rand.Rand
	quiet      sync.RWMutex // held by a burst; whoever reads while nobody writes takes it for reading
}

func newWorld(config *rest.Config, namespaces []string, kinds []kind, dice *rand.Rand) *world {
	plain := rest.CopyConfig(config)
	plain.QPS = -1
	client, err := dynamic.NewForConfig(plain)
	must(err)
	return &world{config: plain, client: client, namespaces: namespaces, kinds: kinds, wire: &wire{}, dice: dice}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// So many changes, each to an object that may be there or not.
func (w *world) burst(ctx context.Context, count int) {
	w.quiet.Lock()
	defer w.quiet.Unlock()
	for range count {
		w.change(ctx, w.kinds[w.dice.Intn(len(w.kinds))], w.namespaces[w.dice.Intn(len(w.namespaces))])
	}
}

func (w *world) change(ctx context.Context, kind kind, namespace string) {
	objects, name := w.client.Resource(kind.GroupVersionResource).Namespace(namespace), fmt.Sprintf("o%d", w.dice.Intn(25))
	w.writes++
	var err error
	switch w.dice.Intn(6) {
	case 0, 1:
		_, err = objects.Create(ctx, w.body(kind, namespace, name), metav1.CreateOptions{})
	case 2:
		err = objects.Delete(ctx, name, metav1.DeleteOptions{})
	case 3:
		err = w.replace(ctx, objects, name)
	default:
		_, err = objects.Patch(ctx, name, types.MergePatchType, []byte(w.patch()), metav1.PatchOptions{})
	}
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsAlreadyExists(err) {
		panic(err)
	}
	if w.dice.Intn(400) == 0 {
		some := metav1.ListOptions{LabelSelector: "parity=odd"}
		must(objects.DeleteCollection(ctx, metav1.DeleteOptions{}, some))
	}
}

func (w *world) replace(ctx context.Context, objects dynamic.ResourceInterface, name string) error {
	found, err := objects.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	found.SetAnnotations(map[string]string{"judge/step": strconv.Itoa(w.writes)})
	_, err = objects.Update(ctx, found, metav1.UpdateOptions{})
	return err
}

// A patch that moves the object into or out of the selection that some informers have.
func (w *world) patch() string {
	return fmt.Sprintf(`{"metadata":{"labels":{"parity":%q,"step":"%d"}}}`, w.parity(), w.writes)
}

func (w *world) parity() string {
	return []string{"odd", "even"}[w.dice.Intn(2)]
}

func (w *world) body(kind kind, namespace, name string) *unstructured.Unstructured {
	found := &unstructured.Unstructured{Object: map[string]any{}}
	found.SetAPIVersion(kind.GroupVersion().String())
	found.SetKind(kind.name)
	found.SetNamespace(namespace)
	found.SetName(name)
	found.SetLabels(map[string]string{"parity": w.parity()})
	if kind.Group != "" {
		found.Object["spec"] = map[string]any{}
	}
	return found
}

// What is there, by key; read while nobody writes.
func (w *world) fresh(ctx context.Context, kind kind, selector string) map[string]*unstructured.Unstructured {
	list, err := w.client.Resource(kind.GroupVersionResource).List(ctx, metav1.ListOptions{LabelSelector: selector})
	must(err)
	found := map[string]*unstructured.Unstructured{}
	for i := range list.Items {
		found[list.Items[i].GetNamespace()+"/"+list.Items[i].GetName()] = &list.Items[i]
	}
	return found
}
