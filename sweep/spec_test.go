package sweep

import (
	"fmt"
	"strings"
	"testing"
)

const threeColumns = "testdata/mistakes" // the folder of data.csv: three rows, three columns

func parseWithFiles(t *testing.T, text string) *Spec {
	t.Helper()
	spec, err := Parse([]*Trainer{toy()}, "spec.yaml", []byte(text), folderFiles(threeColumns))
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return spec
}

// listing is a spec's points, the values of some parameters each.
func listing(spec *Spec, names ...string) string {
	var b strings.Builder
	for i, p := range spec.Space.All() {
		fmt.Fprintf(&b, "%d:", i)
		for _, name := range names {
			fmt.Fprintf(&b, " %s", p.Get(name))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestDataFileSetsParameters(t *testing.T) {
	cases := []struct{ name, spec, want string }{
		{"n and d from the file", "fixed: {m: 1, data: file, path: data.csv}", "0: 3 3 \n"},
		{"the first rows", "fixed: {m: 1, data: file, path: data.csv, d: 3}\ngrid: {n: [1, 2, 3]}", "0: 1 3 \n1: 2 3 \n2: 3 3 \n"},
		{"columns", "fixed: {m: 1, data: file, path: data.csv}\ngrid: {columns: [[a, b], [a]]}", "0: 3 2 \n1: 3 1 \n"},
		{"where and derive", "fixed: {data: file, path: data.csv}\ngrid: {columns: [[a, b], [a]]}\nderive: {m: n * d}\nwhere: d > 1", "0: 3 2 \n"},
		{"the same file twice", "fixed: {m: 1, data: file}\ngrid: {path: [data.csv, ./data.csv]}", "0: 3 3 \n"},
		{"beside other data", "fixed: {m: 1, path: data.csv, n: 3, d: 3, angle: 1}\ngrid: {data: [file, pairs]}", "0: 3 3 \n1: 3 3 1\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			spec := parseWithFiles(t, "name: a\ntrainer: toy\n"+c.spec)
			if got := listing(spec, "n", "d", "angle"); got != c.want {
				t.Errorf("points are\n%swant\n%s", got, c.want)
			}
			if hash := spec.Files["data.csv"]; len(hash) != 64 {
				t.Errorf("the file's hash is %q", hash)
			}
		})
	}
}

// What a spec keeps is in the order of the file, and a repeated key is kept once, at its lowest index.
func TestIndexes(t *testing.T) {
	cases := []struct{ name, spec, want string }{
		{"the last axis is the fastest", "fixed: {d: 1}\ngrid: {m: [5, 4], n: 1..2}", "0: 1 5 \n1: 2 5 \n2: 1 4 \n3: 2 4 \n"},
		{"repeated values", "fixed: {d: 1, n: 1}\ngrid: {m: {log: [1, 2], points: 4}}", "0: 1 1 \n2: 1 2 \n"},
		{"zip is one digit", "fixed: {d: 1}\ngrid: {m: [1, 2], seed: [0, 1], n: [3, 4]}\nzip: [[m, n]]", "0: 3 1 \n1: 3 1 \n2: 4 2 \n3: 4 2 \n"},
		{"dropped, not renumbered", "fixed: {d: 1, n: 1}\ngrid: {m: 1..5}\nwhere: m % 2 == 0", "1: 1 2 \n3: 1 4 \n"},
		{"idle values", "fixed: {d: 2, n: 2, m: 1}\ngrid: {data: [sphere, pairs], angle: [1, 2]}", "0: 2 1 \n2: 2 1 1\n3: 2 1 2\n"},
		{"helpers", "fixed: {d: 1}\ngrid: {ratio: [0.4, 0.5, 2], n: [1, 2]}\nderive: {m: ceil(ratio * n)}", "0: 1 1 \n1: 2 1 \n4: 1 2 \n5: 2 4 \n"},
		{"no axis", "fixed: {d: 1, n: 1, m: 1}", "0: 1 1 \n"},
		{"a fixed helper", "fixed: {d: 1, n: 2, k: 3}\nderive: {m: k * n}", "0: 2 6 \n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			spec := parseText(t, "name: a\ntrainer: toy\n"+c.spec)
			got := listing(spec, "n", "m", "angle")
			if got != c.want {
				t.Errorf("points are\n%swant\n%s", got, c.want)
			}
			if count, exact := spec.Space.Count(); count != uint64(strings.Count(c.want, "\n")) || !exact {
				t.Errorf("Count is %d, %v", count, exact)
			}
		})
	}
}

// Expressions in every form, with the value that they have at n = 7, d = 2, x = 2.5, data = pairs.
func TestExpressions(t *testing.T) {
	cases := map[string]string{
		"n + d * 2": "11", "n - 10": "-3", "n / d": "3.5", "n % d": "1", "-n % 4": "-3", "6 / 3": "2",
		"ceil(x)": "3", "floor(x)": "2", "round(x)": "2", "round(x + 1)": "4", "abs(-x)": "2.5", "sqrt(n + d)": "3",
		"min(n, d, x)": "2", "max(n, x)": "7", "ceil(n / d)": "4", "+n": "7", "1e3 + n": "1007",
		"9223372036854775807 - n + n": "9223372036854775807", "(n + d) * (n - d)": "45",
	}
	for formula, want := range cases {
		spec := parseText(t, "name: a\ntrainer: toy\nfixed: {n: 7, d: 2, x: 2.5, m: 1}\nwhere: x > 0 and ("+formula+") == "+want+"\n")
		if count, _ := spec.Space.Count(); count != 1 {
			t.Errorf("%s is not %s", formula, want)
		}
	}
	truths := []string{
		"n in [1, 7]", "not (n in [1, 2])", "n not in [1, 2]", "data == 'pairs'", `data in ["pairs", "file"]`, "1 < d < n", "n != d",
		"n > 1 or d > 100", "stop_at_fit == true", "stop_at_fit", "9007199254740993 > 9007199254740992.0", "n / 0 > 1e300", "not ((x - x) / 0 == 1)",
		"data_seed == seed",
	}
	for _, where := range truths {
		text := "name: a\ntrainer: toy\nfixed: {n: 7, d: 2, x: 2.5, m: 1, data: pairs, angle: 1}\nwhere: >-\n  x > 0 and (" + where + ")\n"
		parseText(t, text)
	}
}

func TestReference(t *testing.T) {
	golden(t, "reference.txt", toy().Reference())
	golden(t, "reference.md", toy().ReferenceMarkdown())
}
