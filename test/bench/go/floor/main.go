// The floor: the smallest extender that Go's net/http and encoding/json allow, applying the same threshold rule to the
// same cluster: a node passes where the watts booked on its rack plus the pod's CPU watts stay within the rack's limit.
// It knows no samples, no ledger, no policies and no elements above the rack.
//
//	floor TABLE    prints its port and serves until its standard input ends
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
)

type rack struct{ limit, load float64 }

type table struct {
	perCore, minimum float64
	racks            map[string]*rack
	nodes            map[string]*rack
}

type pod struct {
	Spec struct {
		Containers []struct {
			Resources struct {
				Limits   map[string]string `json:"limits"`
				Requests map[string]string `json:"requests"`
			} `json:"resources"`
		} `json:"containers"`
	} `json:"spec"`
}

type node struct {
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
}

type nodeList struct {
	Items []json.RawMessage `json:"items"`
}

type extenderArgs struct {
	Pod       *pod      `json:"Pod"`
	Nodes     *nodeList `json:"Nodes"`
	NodeNames *[]string `json:"NodeNames"`
}

type filterResult struct {
	Nodes                      *nodeList         `json:"Nodes"`
	NodeNames                  *[]string         `json:"NodeNames"`
	FailedNodes                map[string]string `json:"FailedNodes"`
	FailedAndUnresolvableNodes map[string]string `json:"FailedAndUnresolvableNodes"`
	Error                      string            `json:"Error"`
}

type hostPriority struct {
	Host  string `json:"Host"`
	Score int64  `json:"Score"`
}

func readTable(path string) (*table, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	t := &table{racks: map[string]*rack{}, nodes: map[string]*rack{}}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		switch words[0] {
		case "percore":
			t.perCore, err = strconv.ParseFloat(words[1], 64)
		case "minimum":
			t.minimum, err = strconv.ParseFloat(words[1], 64)
		case "rack":
			r := &rack{}
			if r.limit, err = strconv.ParseFloat(words[2], 64); err == nil {
				r.load, err = strconv.ParseFloat(words[3], 64)
			}
			t.racks[words[1]] = r
		case "node":
			t.nodes[words[1]] = t.racks[words[2]]
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return t, lines.Err()
}

func cores(quantity string) float64 {
	if milli, found := strings.CutSuffix(quantity, "m"); found {
		value, _ := strconv.ParseFloat(milli, 64)
		return value / 1000
	}
	value, _ := strconv.ParseFloat(quantity, 64)
	return value
}

func (t *table) watts(p *pod) float64 {
	sum := 0.0
	for _, container := range p.Spec.Containers {
		quantity, limited := container.Resources.Limits["cpu"]
		if !limited {
			quantity = container.Resources.Requests["cpu"]
		}
		sum += cores(quantity) * t.perCore
	}
	return max(sum, t.minimum)
}

// Calls take for each node of the request, with its raw object where objects were sent.
func each(args *extenderArgs, take func(name string, object json.RawMessage)) {
	if args.NodeNames != nil {
		for _, name := range *args.NodeNames {
			take(name, nil)
		}
	}
	if args.Nodes != nil {
		for _, object := range args.Nodes.Items {
			var n node
			if json.Unmarshal(object, &n) == nil {
				take(n.Metadata.Name, object)
			}
		}
	}
}

func (t *table) filter(args *extenderArgs) any {
	demand := t.watts(args.Pod)
	result := filterResult{FailedNodes: map[string]string{}, FailedAndUnresolvableNodes: map[string]string{}}
	names, objects := []string{}, []json.RawMessage{}
	each(args, func(name string, object json.RawMessage) {
		r := t.nodes[name]
		if r == nil || r.load+demand > r.limit {
			result.FailedAndUnresolvableNodes[name] = "not enough power headroom"
		} else if object == nil {
			names = append(names, name)
		} else {
			objects = append(objects, object)
		}
	})
	if args.NodeNames != nil {
		result.NodeNames = &names
	} else {
		result.Nodes = &nodeList{Items: objects}
	}
	return result
}

func (t *table) prioritize(args *extenderArgs) any {
	demand := t.watts(args.Pod)
	scores := []hostPriority{}
	each(args, func(name string, _ json.RawMessage) {
		score := 0.0
		if r := t.nodes[name]; r != nil && r.limit > 0 {
			score = 10 * (r.limit - r.load - demand) / r.limit
		}
		scores = append(scores, hostPriority{name, int64(max(0, min(10, score)))})
	})
	return scores
}

func handler(decide func(*extenderArgs) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var args extenderArgs
		if err := json.NewDecoder(r.Body).Decode(&args); err != nil || args.Pod == nil {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(decide(&args))
	}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: floor TABLE")
		os.Exit(2)
	}
	t, err := readTable(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
	http.HandleFunc("/filter", handler(t.filter))
	http.HandleFunc("/prioritize", handler(t.prioritize))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go func() { _ = http.Serve(listener, nil) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}
