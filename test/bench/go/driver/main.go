// Asks both extenders the same questions in turn, with the http.Client that kube-scheduler uses for its extenders, one
// request at a time over a kept connection as its scheduling cycle does, and prints the round trips side by side.
//
//	driver -payloads DIR -ours URL -floor URL -loopback URL [-rounds N] [-only "500 names"]
//
// A round trip ends when the reply has been read; decoding it is the scheduler's own time and left out. Both must refuse
// the same nodes, or the comparison is void and the driver fails. The loopback takes the same request and sends the same
// reply as ours without looking at either: what it needs is the client's and the machine's part of every round trip.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"time"
)

// As k8s.io/apimachinery/pkg/util/net.SetTransportDefaults over an empty http.Transport, and the extender's default timeout.
func schedulerClient() *http.Client {
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Client{
		Timeout: 5 * time.Second,
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         dialer.DialContext,
			TLSHandshakeTimeout: 10 * time.Second,
			IdleConnTimeout:     90 * time.Second,
		},
	}
}

func unpack(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	packed, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return io.ReadAll(packed)
}

// The captured request with only its first n names.
func firstNames(body []byte, n int) ([]byte, error) {
	var args map[string]json.RawMessage
	if err := json.Unmarshal(body, &args); err != nil {
		return nil, err
	}
	var names []string
	if err := json.Unmarshal(args["NodeNames"], &names); err != nil {
		return nil, err
	}
	shortened, err := json.Marshal(names[:n])
	if err != nil {
		return nil, err
	}
	args["NodeNames"] = shortened
	return json.Marshal(args)
}

type payload struct {
	name string
	body []byte
}

func payloads(directory string) ([]payload, error) {
	var all []payload
	for _, name := range []string{"names-500", "names-5000", "objects-500"} {
		body, err := unpack(filepath.Join(directory, "filter-"+name+".json.gz"))
		if err != nil {
			return nil, err
		}
		if name == "names-500" {
			fewer, err := firstNames(body, 100)
			if err != nil {
				return nil, err
			}
			all = append(all, payload{"100 names", fewer})
		}
		label := map[string]string{"names-500": "500 names", "names-5000": "5,000 names", "objects-500": "500 full nodes"}[name]
		all = append(all, payload{label, body})
	}
	return all, nil
}

type side struct {
	name   string
	client *http.Client
	url    string
	took   []time.Duration
	reply  []byte
}

func (s *side) ask(verb string, body []byte) error {
	started := time.Now()
	request, err := http.NewRequest(http.MethodPost, s.url+"/"+verb, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	defer response.Body.Close()
	s.reply, err = io.ReadAll(response.Body)
	s.took = append(s.took, time.Since(started))
	if err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s answered %s (%v)", s.name, verb, response.Status, err)
	}
	return nil
}

func (s *side) percentile(p float64) float64 {
	sorted := append([]time.Duration(nil), s.took...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i] < sorted[j] })
	return float64(sorted[int(p*float64(len(sorted)-1))].Nanoseconds()) / 1e6
}

// The names refused by filter, sorted; of prioritize the hosts that got a score.
func meaning(verb string, reply []byte) (string, error) {
	var names []string
	if verb == "filter" {
		var result struct {
			FailedNodes, FailedAndUnresolvableNodes map[string]string
			Error                                   string
		}
		if err := json.Unmarshal(reply, &result); err != nil || result.Error != "" {
			return "", fmt.Errorf("filter: %v %s", err, result.Error)
		}
		for _, failed := range []map[string]string{result.FailedNodes, result.FailedAndUnresolvableNodes} {
			for name := range failed {
				names = append(names, name)
			}
		}
	} else {
		var scores []struct{ Host string }
		if err := json.Unmarshal(reply, &scores); err != nil {
			return "", err
		}
		for _, score := range scores {
			names = append(names, score.Host)
		}
	}
	sort.Strings(names)
	return fmt.Sprint(len(names), names), nil
}

func same(verb string, a, b *side) error {
	first, err := meaning(verb, a.reply)
	if err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	second, err := meaning(verb, b.reply)
	if err != nil {
		return fmt.Errorf("%s: %w", b.name, err)
	}
	if first != second {
		return fmt.Errorf("%s: the two do not agree:\n%.200s\n%.200s", verb, first, second)
	}
	return nil
}

type sides struct{ ours, floor, loopback *side }

func compare(verb string, p payload, s sides, rounds int) error {
	const warmUp = 50
	if err := s.ours.ask(verb, p.body); err != nil {
		return err
	}
	if err := s.loopback.ask("remember", s.ours.reply); err != nil {
		return err
	}
	all := []*side{s.ours, s.floor, s.loopback}
	for round := 0; round < rounds+warmUp; round++ {
		for i := range all {
			if round == warmUp {
				all[i].took = nil
			}
		}
		for i := range all {
			if err := all[(round+i)%len(all)].ask(verb, p.body); err != nil {
				return err
			}
		}
	}
	if err := same(verb, s.ours, s.floor); err != nil {
		return err
	}
	least := s.loopback.percentile(0.5)
	ours, floor := s.ours.percentile(0.5), s.floor.percentile(0.5)
	fmt.Printf("| %s | %s | %.3f | %.3f | %.3f | %.3f | %.3f | %.2f | %.2f |\n", verb, p.name, ours, s.ours.percentile(0.99),
		floor, s.floor.percentile(0.99), least, ours/floor, (ours-least)/(floor-least))
	return nil
}

func run() error {
	directory := flag.String("payloads", "test/data/bench", "directory of captured requests")
	oursURL := flag.String("ours", "", "URL of Headroom's extender")
	floorURL := flag.String("floor", "", "URL of the Go floor")
	loopbackURL := flag.String("loopback", "", "URL of the loopback server")
	rounds := flag.Int("rounds", 400, "requests of each kind to each side")
	only := flag.String("only", "", "the one request to send (default: all)")
	flag.Parse()
	all, err := payloads(*directory)
	if err != nil {
		return err
	}
	s := sides{
		ours:     &side{name: "headroom", client: schedulerClient(), url: *oursURL},
		floor:    &side{name: "Go floor", client: schedulerClient(), url: *floorURL},
		loopback: &side{name: "loopback", client: schedulerClient(), url: *loopbackURL},
	}
	fmt.Println("| verb | request | ours p50 ms | ours p99 ms | floor p50 ms | floor p99 ms | loopback p50 ms | ours / floor (p50) | " +
		"the same without loopback |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|")
	for _, verb := range []string{"filter", "prioritize"} {
		for _, p := range all {
			if *only != "" && p.name != *only {
				continue
			}
			if err := compare(verb, p, s, *rounds); err != nil {
				return err
			}
		}
	}
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "driver:", err)
		os.Exit(1)
	}
}
