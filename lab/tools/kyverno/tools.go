//go:build tools

package tools

import (
	_ "github.com/kyverno/kyverno/cmd/background-controller"
	_ "github.com/kyverno/kyverno/cmd/cleanup-controller"
	_ "github.com/kyverno/kyverno/cmd/kyverno"
)
