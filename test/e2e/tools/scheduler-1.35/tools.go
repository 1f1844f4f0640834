//go:build tools

// Package tools keeps kube-scheduler in go.mod; nothing here is compiled into it.
package tools

import _ "k8s.io/kubernetes/cmd/kube-scheduler"
