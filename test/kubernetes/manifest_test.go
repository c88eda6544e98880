// Package kubernetes checks what `widthlaw launch kubernetes` prints as the API server would: strictly, against Kubernetes' own
// types, without a cluster. It is a module of its own so that users of widthlaw never see those.
package kubernetes

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"
)

const access = `{"address": "coordinator.example:7777", "certificate": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "token": "secret-token"}`

// manifest is what launch prints.
func manifest(t *testing.T, args ...string) []string {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "widthlaw")
	build := exec.Command("go", "build", "-o", program, "./cmd/widthlaw")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "access.json"), []byte(access), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, append([]string{"launch", "kubernetes", "--access", "access.json"}, args...)...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(out), "\n---\n")
}

func TestManifest(t *testing.T) {
	parts := manifest(t, "--nodes", "3", "--cores", "8", "--memory", "16GiB", "--image", `registry.example/widthlaw:1`, "--namespace", "theory")
	if len(parts) != 2 {
		t.Fatalf("%d objects, not a Secret and a Job", len(parts))
	}
	var secret core.Secret
	var job batch.Job
	for i, object := range []any{&secret, &job} {
		if err := yaml.UnmarshalStrict([]byte(parts[i]), object); err != nil {
			t.Fatalf("object %d: %v\n%s", i, err, parts[i])
		}
	}
	if secret.Kind != "Secret" || secret.APIVersion != "v1" || job.Kind != "Job" || job.APIVersion != "batch/v1" {
		t.Errorf("kinds: %v, %v", secret.TypeMeta, job.TypeMeta)
	}
	if secret.Namespace != "theory" || job.Namespace != "theory" {
		t.Errorf("namespaces: %q, %q", secret.Namespace, job.Namespace)
	}
	if strings.Contains(parts[1], "widthlaw1.") || strings.Contains(parts[1], "secret-token") {
		t.Error("the Job itself shows the access")
	}
	checkJob(t, &job.Spec)
	checkPod(t, &job.Spec.Template.Spec, &secret)
}

// checkJob wants what the API server wants of an indexed Job with a policy for failures, and what agents need.
func checkJob(t *testing.T, j *batch.JobSpec) {
	t.Helper()
	if j.CompletionMode == nil || *j.CompletionMode != batch.IndexedCompletion || j.Completions == nil || *j.Completions != 3 ||
		j.Parallelism == nil || *j.Parallelism != 3 {
		t.Errorf("not an indexed Job of three: %v %v %v", j.CompletionMode, j.Completions, j.Parallelism)
	}
	if j.BackoffLimitPerIndex == nil || j.BackoffLimit != nil {
		t.Error("failures are to be limited for each index")
	}
	if j.Template.Spec.RestartPolicy != core.RestartPolicyNever {
		t.Errorf("restartPolicy %s: a policy for failures needs Never", j.Template.Spec.RestartPolicy)
	}
	if j.PodFailurePolicy == nil || len(j.PodFailurePolicy.Rules) != 1 || j.PodFailurePolicy.Rules[0].Action != batch.PodFailurePolicyActionIgnore ||
		j.PodFailurePolicy.Rules[0].OnPodConditions[0].Type != core.DisruptionTarget || j.PodFailurePolicy.Rules[0].OnPodConditions[0].Status != core.ConditionTrue {
		t.Errorf("an evicted agent counts as a failure: %v", j.PodFailurePolicy)
	}
}

func checkPod(t *testing.T, p *core.PodSpec, secret *core.Secret) {
	t.Helper()
	if p.TerminationGracePeriodSeconds == nil || *p.TerminationGracePeriodSeconds < 25 {
		t.Error("the pod is killed before an agent has left, which takes 20 s")
	}
	if len(p.Containers) != 1 {
		t.Fatalf("%d containers", len(p.Containers))
	}
	c := p.Containers[0]
	if c.Lifecycle == nil || c.Lifecycle.PreStop == nil || c.Lifecycle.PreStop.Exec == nil || len(c.Lifecycle.PreStop.Exec.Command) == 0 {
		t.Error("no preStop")
	}
	for name, want := range map[core.ResourceName]string{core.ResourceCPU: "8", core.ResourceMemory: "16Gi"} {
		for kind, list := range map[string]core.ResourceList{"requests": c.Resources.Requests, "limits": c.Resources.Limits} {
			if got := list[name]; got.Cmp(resource.MustParse(want)) != 0 {
				t.Errorf("%s of %s: %s, not %s", kind, name, got.String(), want)
			}
		}
	}
	if len(c.Env) != 1 || c.Env[0].Name != "WIDTHLAW_ACCESS" || c.Env[0].ValueFrom == nil || c.Env[0].ValueFrom.SecretKeyRef == nil {
		t.Fatalf("the access does not come from a Secret: %v", c.Env)
	}
	ref := c.Env[0].ValueFrom.SecretKeyRef
	if value, ok := secret.StringData[ref.Key]; ref.Name != secret.Name || !ok || !strings.HasPrefix(value, "widthlaw1.") {
		t.Errorf("the access is not in the Secret that the pod names: %v", ref)
	}
	volumes := map[string]bool{}
	for _, v := range p.Volumes {
		volumes[v.Name] = true
	}
	for _, m := range c.VolumeMounts {
		if !volumes[m.Name] {
			t.Errorf("volume %s is mounted and not there", m.Name)
		}
	}
}

// What is no field of Kubernetes' is found: otherwise TestManifest would show nothing.
func TestStrict(t *testing.T) {
	var job batch.Job
	if err := yaml.UnmarshalStrict([]byte("apiVersion: batch/v1\nkind: Job\nspec: {paralelism: 3}\n"), &job); err == nil {
		t.Error("a misspelt field passed")
	}
}
