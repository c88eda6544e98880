package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v4"

	"github.com/widthlaw/widthlaw/sweep"
)

// readSpec reads a spec and finds every mistake in it. The request has all that a coordinator needs of it.
func (a *app) readSpec(path string) (*sweep.Spec, request, error) {
	text, err := readUpTo(path, sweep.SpecLimit)
	if err != nil {
		return nil, request{}, usage("name a file that exists, such as examples/first.yaml", "cannot read the spec: %s", err)
	}
	r := request{text: text, filename: path, files: map[string]string{}}
	files := dataFiles(filepath.Dir(path), r.files)
	spec, err := sweep.Parse(a.trainers, path, text, files)
	return spec, r, err
}

// readUpTo reads a file, which may be a pipe, of at most so many bytes.
func readUpTo(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("%s is larger than %s, and so no spec", path, bytesText(uint64(limit)))
	}
	return text, err
}

// dataFiles resolves the data files that a spec in dir names, and notes where each lies.
func dataFiles(dir string, found map[string]string) sweep.Files {
	return func(path string) (hash, local string, err error) {
		local = path
		if !filepath.IsAbs(path) {
			local = filepath.Join(dir, path)
		}
		hash, err = hashFile(local)
		if err == nil {
			found[path] = local
		}
		return hash, local, err
	}
}

// hashFile is a regular file's SHA-256 in hex.
func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("there is no file %s", path)
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a regular file", path)
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// An outline is what readers of results need of a spec without its data files.
type outline struct {
	Grid   yaml.Node `yaml:"grid"`
	Record struct {
		Curves []string `yaml:"curves"`
	} `yaml:"record"`
}

// outlineOf reads the spec of a sweep that was submitted, and so has no mistakes.
func outlineOf(s sweep.Status) outline {
	var o outline
	if err := yaml.Unmarshal(s.Spec, &o); err != nil || o.Record.Curves == nil {
		o.Record.Curves = sweep.DefaultRecord().Curves
	}
	return o
}

// axes are the names in the spec's grid, in the order of the file.
func (o outline) axes() []string {
	var names []string
	for i := 0; i+1 < len(o.Grid.Content); i += 2 {
		names = append(names, o.Grid.Content[i].Value)
	}
	return names
}
