// The genuine structured-merge-diff library as an oracle: operations as JSON lines on stdin, one answer a line on stdout.
//
// Values are compared by tests/unit/krate_api/apply; nothing here decides anything about Krate.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// request is one operation; which members it uses depends on what it asks for.
type request struct {
	Do         string                     `json:"do"`
	Schema     json.RawMessage            `json:"schema"`
	Schemas    map[string]json.RawMessage `json:"schemas"`
	Left       map[string]any             `json:"left"`
	Right      map[string]any             `json:"right"`
	Fields     json.RawMessage            `json:"fields"`
	Others     json.RawMessage            `json:"others"`
	Duplicates bool                       `json:"duplicates"`
	Steps      []step                     `json:"steps"`
}

type answer map[string]any

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			written, failure := json.Marshal(respond(line))
			if failure != nil {
				panic(failure)
			}
			fmt.Fprintf(out, "%s\n", written)
			out.Flush()
		}
		if err != nil {
			return
		}
	}
}

func respond(line []byte) (found answer) {
	var asked request
	// This decoder keeps integers integers, as the API server's does.
	if err := utiljson.Unmarshal(line, &asked); err != nil {
		return answer{"broken": err.Error()}
	}
	defer func() {
		if problem := recover(); problem != nil {
			found = answer{"broken": fmt.Sprint(problem)}
		}
	}()
	switch asked.Do {
	case "sets":
		return sets(asked)
	case "run":
		return run(asked)
	default:
		return operate(asked)
	}
}
