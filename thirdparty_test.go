package widthlaw_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestThirdParty: THIRD_PARTY.md names the modules of go.mod, and before its last part those that are in the binary.
func TestThirdParty(t *testing.T) {
	text := read(t, "THIRD_PARTY.md")
	linked, others, ok := strings.Cut(text, "## Not in the binary")
	if !ok {
		t.Fatal("THIRD_PARTY.md has lost its last part")
	}
	required := regexp.MustCompile(`(?m)^\t(\S+) v\S+`).FindAllStringSubmatch(read(t, "go.mod"), -1)
	if len(required) < 20 {
		t.Fatalf("go.mod requires %d modules", len(required))
	}
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./cmd/widthlaw").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	binary := strings.Fields(string(out))
	named := func(text, module string) bool {
		return regexp.MustCompile(`(^|[\s(])` + regexp.QuoteMeta(module) + `([\s,;)]|$)`).MatchString(text)
	}
	for _, r := range required {
		switch module := r[1]; {
		case slices.Contains(binary, module) && !named(linked, module):
			t.Errorf("%s is in the binary: put it into THIRD_PARTY.md with its licence", module)
		case !named(linked, module) && !named(others, module):
			t.Errorf("%s is in go.mod: put it into THIRD_PARTY.md", module)
		}
	}
	for _, module := range regexp.MustCompile(`[a-z.]+\.[a-z]+/[\w~./-]+`).FindAllString(text, -1) {
		if !slices.ContainsFunc(required, func(r []string) bool { return r[1] == module }) && !strings.HasPrefix(module, "creativecommons.org/") {
			t.Errorf("THIRD_PARTY.md names %s, which is not in go.mod", module)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
