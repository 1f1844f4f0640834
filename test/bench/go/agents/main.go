// Plays the API traffic of many node agents: each has connections of its own, HTTP/1.1 over TLS, lists and watches its own
// NodePowerCap and the controller's heartbeat Lease by field selector with bookmarks, and applies its status.
//
//	agents -server URL -ca FILE -cert FILE -key FILE [-agents N] [-status 30s]
//
// Prints "ready" when all watches stand, ends with its standard input, and then prints what it received and wrote. It fails
// when a heartbeat or a status write went missing. -status 0: no statuses are written.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	caps   = "/apis/powercapping.example.com/v1alpha1/nodepowercaps"
	leases = "/apis/coordination.k8s.io/v1/namespaces/headroom-system/leases"
)

type counts struct {
	capEvents, leaseEvents, bookmarks, lists, watches, statuses, errors atomic.Int64
	firstError                                                          sync.Once
}

func (c *counts) failed(err error) {
	c.errors.Add(1)
	c.firstError.Do(func() { fmt.Fprintln(os.Stderr, "agents: the first error:", err) })
}

type meta struct {
	Metadata struct{ Name, UID, ResourceVersion string }
}

type agent struct {
	client *http.Client
	server string
	node   string
	sum    *counts
	uid    atomic.Value // of its NodePowerCap
}

func (a *agent) get(path string, query url.Values) (*http.Response, error) {
	reply, err := a.client.Get(a.server + path + "?" + query.Encode())
	if err != nil {
		return nil, err
	}
	if reply.StatusCode != http.StatusOK {
		defer reply.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(reply.Body, 500))
		return nil, fmt.Errorf("%s: %s %s", path, reply.Status, text)
	}
	return reply, nil
}

// One list; gives where to watch from.
func (a *agent) list(path, name string) (string, error) {
	reply, err := a.get(path, url.Values{"fieldSelector": {"metadata.name=" + name}, "limit": {"500"}})
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	var all struct {
		meta
		Items []meta
	}
	if err := json.NewDecoder(reply.Body).Decode(&all); err != nil {
		return "", err
	}
	a.sum.lists.Add(1)
	if path == caps && len(all.Items) == 1 {
		a.uid.Store(all.Items[0].Metadata.UID)
	}
	return all.Metadata.ResourceVersion, nil
}

// Until the server ends the stream; gives where to go on.
func (a *agent) watch(path, name, from string, events *atomic.Int64, standing func()) (string, error) {
	reply, err := a.get(path, url.Values{"watch": {"1"}, "allowWatchBookmarks": {"true"}, "resourceVersion": {from},
		"timeoutSeconds": {fmt.Sprint(300 + rand.Intn(300))}, "fieldSelector": {"metadata.name=" + name}})
	if err != nil {
		return from, err
	}
	defer reply.Body.Close()
	a.sum.watches.Add(1)
	standing()
	lines := bufio.NewReaderSize(reply.Body, 2048)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return from, nil
		}
		if err != nil {
			return from, err
		}
		var event struct {
			Type   string
			Object meta
		}
		if err := json.Unmarshal(line, &event); err != nil {
			return "", err
		}
		if event.Type == "ERROR" {
			return "", fmt.Errorf("watch %s: %s", path, line)
		}
		from = event.Object.Metadata.ResourceVersion
		if event.Type == "BOOKMARK" {
			a.sum.bookmarks.Add(1)
		} else {
			events.Add(1)
		}
	}
}

func (a *agent) mirror(path, name string, events *atomic.Int64, ready *sync.WaitGroup) {
	var once sync.Once
	from := ""
	for {
		var err error
		if from == "" {
			from, err = a.list(path, name)
		}
		if err == nil {
			from, err = a.watch(path, name, from, events, func() { once.Do(ready.Done) })
		}
		if err != nil {
			a.sum.failed(err)
			from = ""
			time.Sleep(time.Second)
		}
	}
}

// As the node agent's: server-side apply of the status subresource with the object's uid.
func (a *agent) writeStatus(watts int) error {
	body := fmt.Sprintf(`{"apiVersion":"powercapping.example.com/v1alpha1","kind":"NodePowerCap",`+
		`"metadata":{"name":%q,"uid":%q},"status":{"state":"Active","bootID":"bench","appliedWatts":%d,"minWatts":100,`+
		`"maxWatts":800,"observed":{"uid":%q,"epoch":1,"sequence":1}}}`, a.node, a.uid.Load(), watts, a.uid.Load())
	request, err := http.NewRequest(http.MethodPatch, a.server+caps+"/"+a.node+"/status?fieldManager=headroom-agent&force=true",
		strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/apply-patch+yaml")
	reply, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err == nil && reply.StatusCode != http.StatusOK {
		err = fmt.Errorf("status of %s: %s %.500s", a.node, reply.Status, text)
	}
	return err
}

func (a *agent) tell(every time.Duration) {
	time.Sleep(time.Duration(rand.Int63n(int64(every)))) // agents do not start together
	for watts := 300; ; watts++ {
		if err := a.writeStatus(300 + watts%50); err != nil {
			a.sum.failed(err)
		} else {
			a.sum.statuses.Add(1)
		}
		time.Sleep(every)
	}
}

func tlsConfig(ca, cert, key string) (*tls.Config, error) {
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate", ca)
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	return &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}, err
}

func run() error {
	server := flag.String("server", "", "URL of the API server")
	ca := flag.String("ca", "", "its authority")
	cert := flag.String("cert", "", "client certificate")
	key := flag.String("key", "", "its key")
	number := flag.Int("agents", 1000, "how many")
	status := flag.Duration("status", 30*time.Second, "each writes its status so often; 0: never")
	flag.Parse()
	config, err := tlsConfig(*ca, *cert, *key)
	if err != nil {
		return err
	}
	var sum counts
	var ready sync.WaitGroup
	ready.Add(2 * *number)
	for i := 0; i < *number; i++ {
		transport := &http.Transport{TLSClientConfig: config.Clone(), MaxIdleConnsPerHost: 1,
			TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}} // HTTP/1.1, as cpp-httplib speaks
		a := &agent{client: &http.Client{Transport: transport}, server: *server, node: fmt.Sprintf("node-%05d", i), sum: &sum}
		go a.mirror(caps, a.node, &sum.capEvents, &ready)
		go a.mirror(leases, "headroom-heartbeat", &sum.leaseEvents, &ready)
		if *status > 0 {
			go func() {
				ready.Wait()
				a.tell(*status)
			}()
		}
		time.Sleep(5 * time.Millisecond) // a thousand handshakes are not what is measured
	}
	ready.Wait()
	fmt.Println("ready")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	fmt.Printf("lists %d, watches %d, heartbeats %d, cap events %d, bookmarks %d, statuses %d, errors %d\n", sum.lists.Load(),
		sum.watches.Load(), sum.leaseEvents.Load(), sum.capEvents.Load(), sum.bookmarks.Load(), sum.statuses.Load(), sum.errors.Load())
	if sum.errors.Load() > 0 || sum.leaseEvents.Load() < int64(*number) {
		return fmt.Errorf("some requests failed, or heartbeats did not arrive")
	}
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "agents:", err)
		os.Exit(1)
	}
}
