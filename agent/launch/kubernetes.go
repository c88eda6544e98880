package launch

import (
	_ "embed" // the manifest
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"text/template"
)

// Kubernetes is a Secret with the agents' access, and an indexed Job of agents. A pod that its node evicts or preempts counts as no
// failure and is started again.
type Kubernetes struct {
	Agent            // Cores and Memory must be given: they are what a pod asks for, and gets
	Nodes     int    // pods
	Name      string // of the Job and, with a suffix, of the Secret
	Namespace string // "": kubectl's
	Image     string // has the program at Binary, or on its path
	Access    string // the agents' access in one word
}

//go:embed kubernetes.yaml.tmpl
var kubernetesText string

var kubernetesTemplate = template.Must(template.New("kubernetes").Funcs(template.FuncMap{"quote": quoteYAML}).Parse(kubernetesText))

// label is what names in Kubernetes look like (RFC 1123); the Job's leaves room for what is appended to it.
var label = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?$`)

// Manifest is what kubectl apply gets.
func (k Kubernetes) Manifest() (string, error) {
	switch {
	case !label.MatchString(k.Name) || k.Namespace != "" && !label.MatchString(k.Namespace):
		return "", errors.New("a name in Kubernetes has at most 42 of a-z, 0-9 and -, and begins and ends with a letter or digit")
	case k.Image == "" || k.Cores < 1 || k.Memory < 1:
		return "", errors.New("a pod needs an image, cores and memory")
	}
	var b strings.Builder
	err := kubernetesTemplate.Execute(&b, k)
	return b.String(), err
}

// Mebibytes is the memory of a pod.
func (k Kubernetes) Mebibytes() int64 { return mebibytes(k.Memory) }

// AgentMebibytes is what the points in a pod may use together: a tenth is left for the program itself.
func (k Kubernetes) AgentMebibytes() int64 { return k.Mebibytes() * 9 / 10 }

// quoteYAML writes a string as YAML reads it, which knows JSON's.
func quoteYAML(s string) (string, error) {
	b, err := json.Marshal(s)
	return string(b), err
}
