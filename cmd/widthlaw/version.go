package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (a *app) versionVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version of the program and of its trainers",
		Example: "  widthlaw version --output json",
		Args:    arguments(0, 0),
	}
	var output *string
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		b, w := thisBuild(), cmd.OutOrStdout()
		if *output == "json" {
			trainers := make(object, len(a.trainers))
			for i, t := range a.trainers {
				trainers[i] = field{t.Name, t.Version}
			}
			return object{
				{"schema", schema},
				{"version", b.version},
				{"revision", b.revision},
				{"go", runtime.Version()},
				{"platform", runtime.GOOS + "/" + runtime.GOARCH},
				{"trainers", trainers},
			}.print(w)
		}
		fmt.Fprintf(w, "widthlaw %s, revision %s, %s %s/%s\n", b.version, b.revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		for _, t := range a.trainers {
			fmt.Fprintf(w, "trainer %s, version %d\n", t.Name, t.Version)
		}
		return nil
	}
	output = outputFlag(cmd)
	return cmd
}

// version is set by the linker where a release is built.
var version string

// A build says which program this is; it is in the provenance of every outcome.
type build struct{ version, revision string }

func thisBuild() build {
	b := build{version: version, revision: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if b.version == "" {
		b.version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			b.revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			b.revision += "+changes"
		}
	}
	return b
}
