//go:build tools

// Package tools keeps KWOK in go.mod; nothing here is compiled into it.
package tools

import _ "sigs.k8s.io/kwok/cmd/kwok"
