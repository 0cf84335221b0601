package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/pager"
	toolswatch "k8s.io/client-go/tools/watch"
)

// Lists in small chunks while others write are one snapshot: what an exact list of that version says.
func pages(ctx context.Context, world *world) {
	for range 25 {
		for _, kind := range world.kinds {
			objects := world.client.Resource(kind.GroupVersionResource)
			versions, found := map[string]bool{}, map[string]string{}
			chunks := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
				list, err := objects.List(ctx, options)
				if err == nil {
					versions[list.GetResourceVersion()] = true
				}
				return list, err
			})
			chunks.PageSize = 7
			must(chunks.EachListItem(ctx, metav1.ListOptions{}, func(object runtime.Object) error {
				one := object.(*unstructured.Unstructured)
				if _, twice := found[string(one.GetUID())]; twice {
					fail("%s %s is on two pages", kind.Resource, one.GetName())
				}
				found[string(one.GetUID())] = one.GetResourceVersion()
				return nil
			}))
			compareSnapshot(ctx, objects, kind, versions, found)
		}
	}
}

func compareSnapshot(ctx context.Context, objects dynamic.ResourceInterface, kind kind, versions map[string]bool, found map[string]string) {
	if len(versions) != 1 {
		fail("pages of %s have versions %v", kind.Resource, versions)
	}
	for version := range versions {
		exact, err := objects.List(ctx, metav1.ListOptions{ResourceVersion: version, ResourceVersionMatch: "Exact"})
		must(err)
		same := len(exact.Items) == len(found)
		for _, one := range exact.Items {
			same = same && found[string(one.GetUID())] == one.GetResourceVersion()
		}
		if !same {
			fail("pages of %s at %s hold %d objects, an exact list %d, or others", kind.Resource, version, len(found), len(exact.Items))
		}
	}
}

// What a RetryWatcher that is cut off again and again made of its events.
type watched struct {
	world *world
	kind  kind
	mutex sync.Mutex
	found map[string]string
	last  int64
}

func watchAgain(ctx context.Context, world *world) *watched {
	kind := world.kinds[0]
	client, err := dynamic.NewForConfig(world.wire.cutting(world.config, -1))
	must(err)
	list, err := world.client.Resource(kind.GroupVersionResource).List(ctx, metav1.ListOptions{})
	must(err)
	w := &watched{world: world, kind: kind, found: map[string]string{}}
	for _, one := range list.Items {
		w.found[string(one.GetUID())] = one.GetResourceVersion()
	}
	from := &cache.ListWatch{WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
		return client.Resource(kind.GroupVersionResource).Watch(ctx, options)
	}}
	again, err := toolswatch.NewRetryWatcherWithContext(ctx, list.GetResourceVersion(), from)
	must(err)
	go func() {
		for event := range again.ResultChan() {
			w.hear(event)
		}
	}()
	return w
}

func (w *watched) hear(event watch.Event) {
	object, ok := event.Object.(*unstructured.Unstructured)
	if !ok {
		fail("the RetryWatcher was told %s %v", event.Type, event.Object)
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if version := number(object); version <= w.last && event.Type != watch.Bookmark {
		fail("the RetryWatcher was told of version %d after %d", version, w.last)
	} else {
		w.last = version
	}
	uid := string(object.GetUID())
	_, known := w.found[uid]
	switch {
	case event.Type == watch.Bookmark:
	case known == (event.Type == watch.Added):
		fail("the RetryWatcher was told %s of %s, known before: %v", event.Type, object.GetName(), known)
	case event.Type == watch.Deleted:
		delete(w.found, uid)
	default:
		w.found[uid] = object.GetResourceVersion()
	}
}

func (w *watched) settle(ctx context.Context) {
	want := map[string]string{}
	for _, one := range w.world.fresh(ctx, w.kind, "") {
		want[string(one.GetUID())] = one.GetResourceVersion()
	}
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		w.mutex.Lock()
		same := fmt.Sprint(w.found) == fmt.Sprint(want)
		w.mutex.Unlock()
		if same {
			return
		}
	}
	fail("the RetryWatcher made %d objects of its events, the server has %d", len(w.found), len(want))
}

// Two candidates: one leads at a time; who gives up is followed by the other.
func elections(ctx context.Context, world *world) {
	var leading atomic.Int32
	terms := make(chan string, 2)
	for _, name := range []string{"one", "two"} {
		term, resign := context.WithCancel(ctx)
		config := leaderelection.LeaderElectionConfig{
			Lock:            lock(world.config, world.namespaces[0], name),
			LeaseDuration:   6 * time.Second,
			RenewDeadline:   4 * time.Second,
			RetryPeriod:     200 * time.Millisecond,
			ReleaseOnCancel: true,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) {
					if leading.Add(1) != 1 {
						fail("two lead at once")
					}
					time.Sleep(time.Second)
					leading.Add(-1)
					terms <- name
					resign()
				},
				OnStoppedLeading: func() {},
			},
		}
		go leaderelection.RunOrDie(term, config)
	}
	if first, second := <-terms, <-terms; first == second {
		fail("%s led twice", first)
	}
}

func lock(config *rest.Config, namespace, name string) resourcelock.Interface {
	client, err := kubernetes.NewForConfig(config)
	must(err)
	return &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Name: "judge", Namespace: namespace},
		Client:     client.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: name},
	}
}
