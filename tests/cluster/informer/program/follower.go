package main

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
)

// How an informer lives.
type habit struct {
	selector string
	qps      float32
	pause    time.Duration // of its handler, for each event
}

var habits = []habit{
	{qps: -1},
	{qps: -1, selector: "parity=odd"},
	{qps: 3, pause: 2 * time.Millisecond},
}

// One informer: what it was told makes up what it must have, and that is compared with its store and with the server.
type follower struct {
	world    *world
	kind     kind
	habit    habit
	stop     context.CancelFunc
	informer cache.SharedIndexInformer
	count    *atomic.Int64
	mutex    sync.Mutex
	told     map[string]int64 // key to the newest version told
}

func (f *follower) start(ctx context.Context) {
	ctx, f.stop = context.WithCancel(ctx)
	client, err := dynamic.NewForConfig(f.world.wire.cutting(f.world.config, f.habit.qps))
	must(err)
	tweak := func(options *metav1.ListOptions) { options.LabelSelector = f.habit.selector }
	found := dynamicinformer.NewFilteredDynamicInformer(client, f.kind.GroupVersionResource, "", 0, cache.Indexers{}, tweak)
	f.informer, f.told = found.Informer(), map[string]int64{}
	must(f.informer.SetWatchErrorHandler(func(*cache.Reflector, error) {})) // cuts are expected
	_, err = f.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { f.hear("added", object, nil) },
		UpdateFunc: func(old, object any) { f.hear("updated", object, old) },
		DeleteFunc: func(object any) { f.hear("deleted", object, nil) },
	})
	must(err)
	go f.informer.RunWithContext(ctx)
}

// An add of what is known, an update or delete of what is not, and a version that does not grow are inconsistencies.
func (f *follower) hear(event string, object, old any) {
	if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = gone.Obj
	}
	found := object.(*unstructured.Unstructured)
	key, version := found.GetNamespace()+"/"+found.GetName(), number(found)
	f.count.Add(1)
	time.Sleep(f.habit.pause)
	f.mutex.Lock()
	defer f.mutex.Unlock()
	before, known := f.told[key]
	switch {
	case known == (event == "added"):
		fail("%s: %s was %s, known before: %v", f, key, event, known)
	case event == "deleted":
		delete(f.told, key)
		return
	case known && version < before, known && version == before && !reflect.DeepEqual(old, object):
		fail("%s: %s was %s to version %d after %d", f, key, event, version, before)
	}
	f.told[key] = version
}

func (f *follower) String() string {
	return fmt.Sprintf("informer of %s %+v", f.kind.Resource, f.habit)
}

func number(object *unstructured.Unstructured) int64 {
	version, err := strconv.ParseInt(object.GetResourceVersion(), 10, 64)
	must(err)
	return version
}

// While nobody writes (but the server's own controllers): wait until store, handler and a fresh list agree; fail when
// they do not in half a minute.
func (f *follower) settle(ctx context.Context) {
	var difference string
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if difference = f.differs(f.world.fresh(ctx, f.kind, f.habit.selector)); difference == "" {
			return
		}
	}
	fail("%s: %s", f, difference)
}

func (f *follower) differs(want map[string]*unstructured.Unstructured) string {
	if !f.informer.HasSynced() {
		return "it has not synced"
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if len(f.informer.GetStore().ListKeys()) != len(want) || len(f.told) != len(want) {
		return fmt.Sprintf("%d objects on the server, %d in its store, %d it was told of",
			len(want), len(f.informer.GetStore().ListKeys()), len(f.told))
	}
	for key, object := range want {
		stored, known, _ := f.informer.GetStore().GetByKey(key)
		if !known || !reflect.DeepEqual(stored.(*unstructured.Unstructured).Object, object.Object) {
			return fmt.Sprintf("%s is %v on the server, but %v in its store", key, object, stored)
		}
		if f.told[key] != number(object) {
			return fmt.Sprintf("%s has version %s, but it was told of %d", key, object.GetResourceVersion(), f.told[key])
		}
	}
	return ""
}
