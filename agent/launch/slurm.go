package launch

import (
	"context"
	_ "embed" // the script
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
	"time"
)

// Slurm is an array of jobs, each of which is one agent on one node: Slurm starts them as nodes become free, and preempts and
// requeues each by itself. It needs no more of the cluster than sbatch.
type Slurm struct {
	Agent
	Nodes  int           // length of the array
	Time   time.Duration // of each job; 0: what the partition gives
	Access string        // path of the agents' access file, as the nodes see it
	Share  string        // folder that the nodes see too: for the logs
	Args   []string      // of sbatch; they outdo what the script asks for
}

//go:embed slurm.sh.tmpl
var slurmText string

var slurmTemplate = template.Must(template.New("slurm").Funcs(template.FuncMap{"quote": quote, "directive": directive}).Parse(slurmText))

// Script is what sbatch gets.
func (s Slurm) Script() (string, error) {
	for _, path := range []string{s.Binary, s.Access, s.Share} {
		if strings.ContainsAny(path, "\n\r\"\\") {
			return "", fmt.Errorf("path %q cannot stand in a job script; use one without quotes, backslashes and line breaks", path)
		}
	}
	var b strings.Builder
	err := slurmTemplate.Execute(&b, s)
	return b.String(), err
}

// Log is where the agents' output goes: %A stands for the job, %a for its number in the array.
func (s Slurm) Log() string { return filepath.Join(s.Share, "slurm-%A_%a.log") }

// Command is the agent's command line, without what the node says about itself.
func (s Slurm) Command() string { return strings.Join(s.arguments(s.Access), " ") }

// Limit is the time as sbatch reads it.
func (s Slurm) Limit() string {
	t := s.Time.Round(time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", t/time.Hour, t/time.Minute%60, t/time.Second%60)
}

// Mebibytes is the memory of a job.
func (s Slurm) Mebibytes() int64 { return mebibytes(s.Memory) }

// Submitter is the command line that takes the script on its standard input.
func (s Slurm) Submitter() []string { return append([]string{"sbatch", "--parsable"}, s.Args...) }

// ErrNoSlurm means a machine that cannot submit jobs.
var ErrNoSlurm = errors.New("there is no sbatch on this machine's path")

// Submit hands the script to sbatch, and gives the number of the job.
func (s Slurm) Submit(ctx context.Context) (job string, err error) {
	script, err := s.Script()
	if err != nil {
		return "", err
	}
	words := s.Submitter()
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.Output()
	var ended *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", ErrNoSlurm
	case errors.As(err, &ended):
		return "", fmt.Errorf("sbatch: %s", strings.TrimSpace(string(ended.Stderr)))
	case err != nil:
		return "", fmt.Errorf("sbatch: %w", err)
	}
	job, _, _ = strings.Cut(strings.TrimSpace(string(out)), ";") // JOB[;CLUSTER]
	return job, nil
}

// directive quotes a value of a line #SBATCH.
func directive(s string) string {
	if strings.ContainsAny(s, " \t#'") {
		return `"` + s + `"`
	}
	return s
}
