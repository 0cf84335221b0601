package main

import (
	"context"
	"sync/atomic"
)

// Every kind followed in every habit.
type followers struct {
	all     []*follower
	started int
	count   atomic.Int64
}

func newFollowers(world *world) *followers {
	found := &followers{}
	for _, kind := range world.kinds {
		for _, habit := range habits {
			found.all = append(found.all, &follower{world: world, kind: kind, habit: habit, count: &found.count})
		}
	}
	return found
}

func (f *followers) start(ctx context.Context) {
	for _, one := range f.all {
		one.start(ctx)
		f.started++
	}
}

func (f *followers) settle(ctx context.Context) {
	for _, one := range f.all {
		one.settle(ctx)
	}
}

// A third of them end and begin anew, knowing nothing.
func (f *followers) restartSome(ctx context.Context) {
	for _, one := range f.all {
		if one.world.dice.Intn(3) == 0 {
			one.stop()
			again := &follower{world: one.world, kind: one.kind, habit: one.habit, count: one.count}
			again.start(ctx)
			f.replace(one, again)
			f.started++
		}
	}
}

func (f *followers) replace(old, new *follower) {
	for i, one := range f.all {
		if one == old {
			f.all[i] = new
		}
	}
}

func (f *followers) stop() {
	for _, one := range f.all {
		one.stop()
	}
}

func (f *followers) events() int64 { return f.count.Load() }
