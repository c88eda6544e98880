package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/agent/launch"
)

const launchKubernetesLong = `Print the manifest of a Job with one agent in each pod, and of a Secret with the agents' access, for
kubectl apply. The manifest opens the coordinator: do not keep it where others can read it.

What a pod asks for and gets is --cores and --memory; or, with --for SPEC, as much memory as the
largest point of that spec needs by the cost model, and a tenth more for the program itself.
The image needs this program on its path (or at --binary), and a shell for a quicker farewell.`

func (a *app) launchKubernetesVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kubernetes --nodes N --image IMAGE",
		Short: "Print the manifest of agents on Kubernetes",
		Long:  launchKubernetesLong,
		Example: `  widthlaw launch kubernetes --nodes 4 --image registry/widthlaw:1 --cores 8 --memory 16GiB | kubectl apply -f -
  widthlaw launch kubernetes --nodes 4 --image registry/widthlaw:1 --cores 8 --for examples/first.yaml`,
		Args: arguments(0, 0),
	}
	var o launchOptions
	o.flags(cmd, "widthlaw")
	k := launch.Kubernetes{}
	cmd.Flags().IntVar(&k.Nodes, "nodes", 0, "this many agents, one in each pod")
	cmd.Flags().StringVar(&k.Image, "image", "", "the container `image`")
	cmd.Flags().StringVar(&k.Name, "name", "widthlaw-agents", "`name` of the Job")
	cmd.Flags().StringVar(&k.Namespace, "namespace", "", "`namespace` of the Job (default: kubectl's)")
	spec := cmd.Flags().String("for", "", "as much memory as the points of this `spec` need")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := firstOf(nodes(k.Nodes), o.check()); err != nil {
			return err
		}
		if k.Image == "" {
			return usage("build one with this program on its path, and name it with --image", "a pod needs an image")
		}
		access, err := a.launchAccess(&o, false)
		if err != nil {
			return err
		}
		k.Agent, k.Access = o.agent, access.String()
		if k.Cores == 0 {
			k.Cores = 1
		}
		if k.Memory == 0 {
			if k.Memory, err = a.podMemory(cmd.Context(), *spec); err != nil {
				return err
			}
		}
		text, err := k.Manifest()
		if err != nil {
			return usage("see widthlaw launch kubernetes --help", "%s", err)
		}
		fmt.Fprint(cmd.OutOrStdout(), text)
		return nil
	}
	return cmd
}

// programBytes is what the program itself needs, with its copies of data sets, beside the points that it trains.
const programBytes = 512 << 20

// podMemory is what the largest point of a spec needs, by the cost model.
func (a *app) podMemory(ctx context.Context, path string) (int64, error) {
	if path == "" {
		return 0, usage("write --memory 4GiB, or --for SPEC for as much as a spec's points need", "a pod needs to know its memory")
	}
	_, r, err := a.readSpec(path)
	if err != nil {
		return 0, err
	}
	here := *a
	here.access = "" // it is the agents', who may not ask
	f, err := here.forecast(ctx, r)
	if err != nil {
		return 0, err
	}
	const mebibyte = 1 << 20 // whole ones
	need := (int64(f.Memory) + programBytes) / 9 * 10
	return (need + mebibyte - 1) / mebibyte * mebibyte, nil
}
