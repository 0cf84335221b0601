// Judges an API server with client-go: shared informers over watch-lists, restarted, throttled and cut off, must hold
// what a fresh list holds whenever nobody writes, and must have been told of every change once and in order. A pager,
// a RetryWatcher and two leader electors live through the same changes.
//
// Any inconsistency ends the program with a status other than 0; client-go's own detector, which the environment
// switches on (KUBE_WATCHLIST_INCONSISTENCY_DETECTOR=true), panics.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/consistencydetector"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "kubeconfig of an administrator")
	namespaces := flag.String("namespaces", "", "existing namespaces, separated by commas")
	kinds := flag.String("kinds", "", "group/version/plural/Kind of namespaced kinds, separated by commas")
	seconds := flag.Int("seconds", 20, "how long changes are made")
	seed := flag.Int64("seed", time.Now().UnixNano(), "of the changes")
	flag.Parse()
	if !consistencydetector.IsDataConsistencyDetectionForWatchListEnabled() {
		log.Fatal("KUBE_WATCHLIST_INCONSISTENCY_DETECTOR must be true")
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("seed %d", *seed)
	world := newWorld(config, strings.Split(*namespaces, ","), parseKinds(*kinds), rand.New(rand.NewSource(*seed)))
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(*seconds+120)*time.Second)
	defer cancel()
	judge(ctx, world, time.Duration(*seconds)*time.Second)
}

// Writes go on in bursts; after each, while nobody writes, everything that follows must agree with a fresh list.
func judge(ctx context.Context, site *world, span time.Duration) {
	site.burst(ctx, 40)
	watched := watchAgain(ctx, site)
	followers := newFollowers(site)
	followers.start(ctx)
	var besides sync.WaitGroup
	for _, work := range []func(context.Context, *world){pages, elections} {
		besides.Add(1)
		go func() { defer besides.Done(); work(ctx, site) }()
	}
	end, rounds := time.Now().Add(span), 0
	for ; time.Now().Before(end); rounds++ {
		site.burst(ctx, 60)
		followers.settle(ctx)
		followers.restartSome(ctx)
	}
	besides.Wait()
	watched.settle(ctx)
	followers.stop()
	if streams := site.wire.initial.Load(); streams < int64(followers.started) {
		fail("%d informers were started, but only %d watch-lists were asked for", followers.started, streams)
	}
	if site.wire.lists.Load() > 0 {
		fail("informers fell back to %d lists", site.wire.lists.Load())
	}
	fmt.Printf("consistent: %d rounds, %d writes, %d informers, %d watch-lists, %d watches cut, %d events\n",
		rounds, site.writes, followers.started, site.wire.initial.Load(), site.wire.cuts.Load(), followers.events())
}

// An inconsistency: the program ends.
func fail(text string, values ...any) {
	panic(fmt.Sprintf("INCONSISTENT: "+text, values...))
}
