// Package widthlaw_test holds what is true of the repository as a whole.
package widthlaw_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/widthlaw/widthlaw"

// mayImport says which packages of ours each package may import. The README draws the same table.
var mayImport = map[string]string{
	"sweep":                   "",
	"sweep/search":            "sweep agent/gd/elementary", // exp and log with the same bits everywhere
	"proto":                   "sweep",
	"results":                 "sweep disk",
	"results/storetest":       "sweep results", // for tests
	"results/table":           "sweep",
	"results/fit":             "sweep sweep/search",
	"results/plot":            "sweep results/fit",
	"disk":                    "",
	"coordinator":             "sweep sweep/search disk proto results coordinator/queue coordinator/checkpoints test/planted",
	"coordinator/checkpoints": "sweep disk",
	"coordinator/queue":       "sweep test/planted",
	"agent":                   "sweep disk proto agent/spool test/planted",
	"agent/spool":             "disk",
	"agent/launch":            "",
	"agent/gd":                "sweep agent/gd/kernel agent/gd/elementary agent/gd/eigen",
	"agent/gd/kernel":         "",
	"agent/gd/elementary":     "",
	"agent/gd/eigen":          "agent/gd/kernel",
	"bench":                   "",      // what `make bench` runs
	"test/planted":            "",      // bugs that tests build in
	"test/toy":                "sweep", // for tests, as what follows
	"test/simulate":           "test/simulate/history test/simulate/steady test/planted",
	"test/simulate/steady":    "",
	"test/simulate/history":   "sweep proto coordinator agent agent/spool results test/toy",
	"cmd/widthlaw":            "sweep proto coordinator agent agent/launch agent/gd agent/gd/kernel results results/table results/fit results/plot",
}

// onlyIn says which files may import a package from outside: the edges where its types stop.
var onlyIn = map[string][]string{
	"google.golang.org/grpc":       {"proto/*.go", "coordinator/server*.go", "agent/client*.go", "cmd/widthlaw/client*.go", "test/simulate/history/*.go"},
	"google.golang.org/protobuf":   {"proto/*.go", "coordinator/server*.go", "agent/client*.go", "cmd/widthlaw/client*.go", "test/simulate/history/*.go"},
	"go.etcd.io/bbolt":             {"results/*.go"},
	"gonum.org/v1/plot":            {"results/plot/*.go"},
	"go.yaml.in/yaml/v4":           {"sweep/*.go", "cmd/widthlaw/root.go", "cmd/widthlaw/spec.go"},
	"github.com/expr-lang/expr":    {"sweep/*.go"},
	"github.com/parquet-go":        {"results/table/*.go"},
	"github.com/spf13/cobra":       {"cmd/widthlaw/*.go"},
	"github.com/vbauerster/mpb/v8": {"cmd/widthlaw/*.go", "test/simulate/*.go"},
	"github.com/rogpeppe":          {},
	"go.uber.org/goleak":           {},
	"github.com/google/go-cmp":     {"results/storetest/*.go"},
	"pgregory.net/rapid":           {"results/storetest/*.go"},
}

// adapters are the files that may use the wire's messages; elsewhere only what is in beyondAdapters of package proto may be named.
var (
	adapters       = []string{"coordinator/server*.go", "agent/client*.go", "cmd/widthlaw/client*.go", "test/simulate/history/*.go"}
	beyondAdapters = []string{"Access", "ReadAccess", "ParseAccess", "WriteAccess"}
)

type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
}

// TestReadme wants the table in the README.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("| package | may import, of ours |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(mayImport)) {
		fmt.Fprintf(&table, "| %s | %s |\n", name, mayImport[name])
	}
	if !strings.Contains(string(readme), table.String()) {
		t.Errorf("README.md lacks this table; put it in:\n%s", &table)
	}
}

// list is every package but those that are tests themselves, which may import what they test.
func list(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 && !strings.HasPrefix(p.ImportPath, module+"/test/") {
			all = append(all, p)
		}
	}
}

func TestImports(t *testing.T) {
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		allowed, known := mayImport[name]
		if !known {
			t.Errorf("%s is not in the table: add it, or put its code where it belongs", name)
			continue
		}
		for _, i := range p.Imports {
			ours, ok := strings.CutPrefix(i, module+"/")
			if ok && !slices.Contains(strings.Fields(allowed), ours) {
				t.Errorf("%s imports %s, but may import only: %s", name, ours, allowed)
			}
		}
	}
}

func TestEdges(t *testing.T) {
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list(t) {
		for _, name := range p.GoFiles {
			file := filepath.Join(p.Dir, name)
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			rel, err := filepath.Rel(root, file)
			if err != nil {
				t.Fatal(err)
			}
			checkWire(t, filepath.ToSlash(rel), parsed)
			for _, i := range parsed.Imports {
				checkEdge(t, filepath.ToSlash(rel), strings.Trim(i.Path.Value, `"`))
			}
		}
	}
}

func checkEdge(t *testing.T, file, imported string) {
	t.Helper()
	for edge, files := range onlyIn {
		if imported != edge && !strings.HasPrefix(imported, edge+"/") {
			continue
		}
		if !matches(file, files) {
			t.Errorf("%s imports %s, which stops at %s", file, imported, strings.Join(files, ", "))
		}
	}
}

func matches(file string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { ok, _ := path.Match(pattern, file); return ok })
}

// checkWire finds wire messages that are named outside the adapters.
func checkWire(t *testing.T, file string, parsed *ast.File) {
	t.Helper()
	if matches(file, adapters) || !slices.ContainsFunc(parsed.Imports, func(i *ast.ImportSpec) bool { return strings.Trim(i.Path.Value, `"`) == module+"/proto" }) {
		return
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := s.X.(*ast.Ident); ok && x.Name == "proto" && !slices.Contains(beyondAdapters, s.Sel.Name) {
			t.Errorf("%s names proto.%s, which stops at %s", file, s.Sel.Name, strings.Join(adapters, ", "))
		}
		return true
	})
}

// TestDocs wants a comment on every package and on everything exported.
func TestDocs(t *testing.T) {
	for _, p := range list(t) {
		fset := token.NewFileSet()
		var files []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if !ast.IsGenerated(f) {
				files = append(files, f)
			}
		}
		d, err := doc.NewFromFiles(fset, files, p.ImportPath)
		if err != nil {
			t.Fatal(err)
		}
		if d.Doc == "" {
			t.Errorf("%s: no package comment", p.ImportPath)
		}
		checkDocs(t, p.ImportPath, d)
	}
}

func checkDocs(t *testing.T, pkg string, d *doc.Package) {
	t.Helper()
	values := func(where string, vs []*doc.Value) {
		for _, v := range vs {
			if v.Doc == "" && !commentedEach(v.Decl) && slices.ContainsFunc(v.Names, ast.IsExported) {
				t.Errorf("%s%s: %v has no comment", pkg, where, v.Names)
			}
		}
	}
	funcs := func(where string, fs []*doc.Func) {
		for _, f := range fs {
			if f.Doc == "" && !interfaceMethod[f.Name] && !strings.HasPrefix(where, ".unexported") {
				t.Errorf("%s%s: %s has no comment", pkg, where, f.Name)
			}
		}
	}
	values("", d.Consts)
	values("", d.Vars)
	funcs("", d.Funcs)
	for _, ty := range d.Types {
		if ty.Doc == "" {
			t.Errorf("%s: type %s has no comment", pkg, ty.Name)
		}
		values("."+ty.Name, ty.Consts)
		values("."+ty.Name, ty.Vars)
		funcs("."+ty.Name, ty.Funcs)
		funcs("."+ty.Name, ty.Methods)
	}
}

// interfaceMethod are methods whose interface documents them.
var interfaceMethod = map[string]bool{"String": true, "Error": true, "Unwrap": true, "Is": true, "Len": true, "Less": true, "Swap": true, "Push": true, "Pop": true, "MarshalJSON": true, "UnmarshalJSON": true}

// commentedEach says whether every exported name of a group has a comment of its own.
func commentedEach(d *ast.GenDecl) bool {
	for _, s := range d.Specs {
		v, ok := s.(*ast.ValueSpec)
		if !ok || v.Doc == nil && v.Comment == nil && slices.ContainsFunc(v.Names, func(n *ast.Ident) bool { return n.IsExported() }) {
			return false
		}
	}
	return true
}
