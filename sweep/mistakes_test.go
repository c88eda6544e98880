package sweep

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// folderFiles resolves paths in a folder.
func folderFiles(folder string) Files {
	return func(path string) (string, string, error) {
		local := filepath.Join(folder, path)
		content, err := os.ReadFile(local)
		if err != nil {
			return "", "", errors.New("no such file") // the same words on every platform
		}
		sum := sha256.Sum256(content)
		return hex.EncodeToString(sum[:]), local, nil
	}
}

// Each spec of testdata/mistakes has a text beside it: all that is wrong, as a person reads it.
func TestMistakes(t *testing.T) {
	specs, err := filepath.Glob("testdata/mistakes/*.yaml")
	if err != nil || len(specs) < 30 {
		t.Fatalf("%d specs, %v", len(specs), err)
	}
	for _, path := range specs {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse([]*Trainer{toy()}, filepath.Base(path), text, folderFiles("testdata/mistakes"))
			var wrong *SpecError
			if !errors.As(err, &wrong) {
				t.Fatalf("the error is %v", err)
			}
			golden(t, "mistakes/"+name+".txt", err.Error()+"\n")
			lines := strings.Count(string(text), "\n") + 1
			for _, m := range wrong.Mistakes {
				if m.Line < 1 || m.Line > lines || m.Column < 1 {
					t.Errorf("%q is at %d:%d", m.Text, m.Line, m.Column)
				}
				if !nextStep.MatchString(m.Text) {
					t.Errorf("%q does not say what to do", m.Text)
				}
			}
		})
	}
}

// nextStep finds what every mistake has: something to do after what is wrong.
var nextStep = regexp.MustCompile(`; |: write |\(at `)

func FuzzParse(f *testing.F) {
	specs, err := filepath.Glob("testdata/mistakes/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range specs {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	for _, where := range []string{"n > 1", "a: &a [*a]", "((((", "'\\", "n in [1, 2] and not (m < d)", "1 < n <= m % 3", "\x00"} {
		f.Add("name: a\ntrainer: toy\nfixed: {n: 4, d: 2}\ngrid: {m: 1..3, seed: {log: [1, 9], points: 4}}\nwhere: " + where)
	}
	files := folderFiles("testdata/mistakes")
	f.Fuzz(func(t *testing.T, text string) {
		spec, err := parseWithin(10_000, []*Trainer{toy()}, "spec.yaml", []byte(text), files)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without a text")
			}
			return
		}
		n := 0
		for i, p := range spec.Space.All() {
			if j, ok := spec.Space.Find(p); !ok || i != j {
				t.Fatalf("Find gives %d, %v for index %d", j, ok, i)
			}
			if n++; n == 20 {
				break
			}
		}
	})
}
