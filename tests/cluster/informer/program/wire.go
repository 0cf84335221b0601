package main

import (
	"errors"
	"io"
	"math/rand"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"
)

// Counts what informers ask for, and cuts their watches off now and then, in the middle of a line if it must be.
type wire struct {
	initial, lists, cuts atomic.Int64
}

// A config whose watches are cut; qps above zero throttles it.
func (w *wire) cutting(config *rest.Config, qps float32) *rest.Config {
	found := rest.CopyConfig(config)
	found.QPS, found.Burst = qps, int(qps)
	found.Wrap(func(next http.RoundTripper) http.RoundTripper { return &cutter{next, w} })
	return found
}

type cutter struct {
	next http.RoundTripper
	wire *wire
}

func (c *cutter) RoundTrip(request *http.Request) (*http.Response, error) {
	query := request.URL.Query()
	if query.Get("sendInitialEvents") == "true" {
		c.wire.initial.Add(1)
	} else if query.Get("watch") == "" && query.Get("resourceVersionMatch") != "Exact" {
		// The detector's own lists are exact; any other is an informer that did without a watch-list.
		c.wire.lists.Add(1)
	}
	answer, err := c.next.RoundTrip(request)
	if err == nil && query.Get("watch") != "" && answer.StatusCode == http.StatusOK {
		answer.Body = &cut{answer.Body, c.wire, int64(rand.Intn(60_000)), time.Now().Add(time.Second)}
	}
	return answer, err
}

// A body that breaks after so many bytes; never in its first second, so that those who start over get somewhere.
type cut struct {
	io.ReadCloser
	wire  *wire
	left  int64
	after time.Time
}

var errCut = errors.New("cut off: unexpected EOF")

func (c *cut) Read(into []byte) (int, error) {
	if c.left <= 0 && time.Now().After(c.after) {
		c.wire.cuts.Add(1)
		return 0, errCut
	}
	if c.left > 0 && int64(len(into)) > c.left {
		into = into[:c.left]
	}
	count, err := c.ReadCloser.Read(into)
	c.left -= int64(count)
	return count, err
}

// Kinds of the command line.
func parseKinds(text string) []kind {
	var found []kind
	for _, one := range strings.Split(text, ",") {
		parts := strings.Split(one, "/")
		if len(parts) != 4 {
			fail("%q is not group/version/plural/Kind", one)
		}
		found = append(found, newKind(parts[0], parts[1], parts[2], parts[3]))
	}
	return found
}
