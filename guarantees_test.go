package widthlaw_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const guarantees = "docs/guarantees.md"

var (
	quoted  = regexp.MustCompile("`([^`]*)`")
	goTest  = regexp.MustCompile(`^(?:WIDTHLAW_SOAK=1 )?go test((?: -tags \w+)?)((?: \.(?:/[\w/.]+)?)+)(?: -v)?(?: -run '([^']*)')?$`)
	example = "`go test ./results -run '^TestGolden$'`"
)

// TestGuarantees wants every promise to name commands that show it, and every test that these name to be there.
func TestGuarantees(t *testing.T) {
	text, err := os.ReadFile(guarantees)
	if err != nil {
		t.Fatal(err)
	}
	promises := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| promise ") {
			continue
		}
		promises++
		if len(cells) != 3 {
			t.Errorf("%s: a row of %d cells, not of 3: %s", guarantees, len(cells), line)
			continue
		}
		commands := quoted.FindAllStringSubmatch(cells[2], -1)
		if len(commands) == 0 {
			t.Errorf("%s: nothing shows that %s; write a command, such as %s", guarantees, strings.TrimSpace(cells[0]), example)
		}
		for _, c := range commands {
			checkCommand(t, c[1])
		}
	}
	if promises < 20 {
		t.Errorf("%s: only %d promises were found", guarantees, promises)
	}
}

// checkCommand wants a command to find at least one test.
func checkCommand(t *testing.T, command string) {
	t.Helper()
	if fields := strings.Fields(command); len(fields) > 2 && fields[0] == "go" && fields[1] == "run" {
		if _, err := os.Stat(filepath.Join(fields[2], "main.go")); err != nil {
			t.Errorf("%s: `%s`: %v", guarantees, command, err)
		}
		return
	}
	m := goTest.FindStringSubmatch(command)
	if m == nil {
		t.Errorf("%s: `%s` is no command of the kind %s", guarantees, command, example)
		return
	}
	run, err := regexp.Compile(m[3])
	if err != nil {
		t.Errorf("%s: `%s`: %v", guarantees, command, err)
		return
	}
	for folder := range strings.FieldsSeq(m[2]) {
		if !testIn(t, folder, run) {
			t.Errorf("%s: `%s`: no test in %s is called so; if it was renamed or moved, name what shows the promise now", guarantees, command, folder)
		}
	}
}

// testIn says whether a folder, or one below it if it ends with /..., has a test with such a name.
func testIn(t *testing.T, folder string, name *regexp.Regexp) (found bool) {
	t.Helper()
	folder, below := strings.CutSuffix(folder, "/...")
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && isTest(fn.Name.Name) && name.MatchString(fn.Name.Name) {
				return true
			}
		}
	}
	folders, err := os.ReadDir(folder)
	if err != nil {
		t.Errorf("%s: %v", guarantees, err)
	}
	for _, d := range folders {
		if below && d.IsDir() && testIn(t, "./"+filepath.Join(folder, d.Name())+"/...", name) {
			return true
		}
	}
	return false
}

func isTest(name string) bool {
	return name != "TestMain" && (strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz"))
}

// startsPrograms is how Go code starts a program or loads code.
var startsPrograms = regexp.MustCompile(`"os/exec"|"plugin"|\bos\.StartProcess\b|\b(syscall|unix)\.(Exec|ForkExec|StartProcess|Execve)\b|\bSYS_EXECVE`)

// TestAgentsExecuteNothing: what does an agent's work has no way to start a program or to load code.
func TestAgentsExecuteNothing(t *testing.T) {
	seen := 0
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		if name == "agent/launch" || !strings.HasPrefix(name+"/", "agent/") && name != "sweep" && name != "proto" && name != "disk" {
			continue
		}
		for _, file := range p.GoFiles {
			text, err := os.ReadFile(filepath.Join(p.Dir, file))
			if err != nil {
				t.Fatal(err)
			}
			if how := startsPrograms.Find(text); how != nil {
				t.Errorf("%s/%s has %s", name, file, how)
			}
			seen++
		}
	}
	if seen < 30 {
		t.Errorf("only %d files were looked at", seen)
	}
}
