package gd

import "github.com/widthlaw/widthlaw/sweep"

// curves are what can be recorded, a value at each recorded step k.
func curves() []sweep.Curve {
	return []sweep.Curve{
		{Name: "loss", Doc: "L(k)"},
		{Name: "pattern_changes", Unit: "share", Doc: "share of the n m pairs of sample and neuron whose pattern differs from step 0"},
		{Name: "pattern_flips", Unit: "share", Doc: "the same against step k-1; 0 at step 0"},
		{Name: "max_move", Doc: "greatest distance of a neuron's weights from where they started"},
		{Name: "mean_move", Doc: "mean of that distance over the neurons"},
		{Name: "gradient_norm", Doc: "length of the gradient of L"},
		{Name: "pl", Doc: "gradient_norm^2 / (2 L), the local PL* constant; undefined where L is 0"},
		{Name: "lambda_min", Doc: "least eigenvalue of the tangent kernel's Gram matrix at step k", Eigenvalues: true},
		{Name: "kernel_drift", Doc: "spectral norm of the difference of that matrix from step 0's", Eigenvalues: true},
		{
			Name: "accuracy", Unit: "share", When: when("labels", "rademacher", "teacher-sign", "file"),
			Doc: "share of the samples whose sign is right; undefined unless all labels are +1 or -1",
		},
	}
}

// events are the four readings of "wide enough".
func events() []string { return []string{"fit", "rate", "kernel", "init"} }

// judges are the curves without which an event is not decided.
func judges() map[string]string {
	return map[string]string{"kernel": "lambda_min", "init": "lambda_min"}
}

func scalars() []sweep.Scalar {
	return []sweep.Scalar{
		{Name: "lambda0", Kind: sweep.Float, Doc: "least eigenvalue of the infinite-width Gram matrix of what is trained"},
		{Name: "lambda0_hidden", Kind: sweep.Float, Doc: "the same of the hidden layer alone"},
		{Name: "lambda_max", Kind: sweep.Float, Doc: "greatest eigenvalue of the infinite-width Gram matrix of what is trained"},
		{Name: "eta", Kind: sweep.Float, Doc: "the step size as used"},
		{Name: "loss_zero", Kind: sweep.Float, Doc: "loss of the zero function"},
		{Name: "loss_initial", Kind: sweep.Float, Doc: "L(0)"},
		{Name: "steps_done", Kind: sweep.Int, Doc: "number of steps taken"},
		{Name: "stopped", Kind: sweep.Text, Doc: "why it ended: fit, steps, plateau or diverged"},
		{Name: "steps_to_fit", Kind: sweep.Int, Doc: "K, the first step with L <= loss_below loss_zero; undefined without"},
		{Name: "late_rate", Kind: sweep.Float, Doc: "-d log L / dk by least squares over k = ceil(K/2) .. K; undefined without a fit or with fewer than three steps"},
		{Name: "lambda_min_initial", Kind: sweep.Float, Doc: "lambda_min at step 0; undefined unless lambda_min is recorded"},
		{Name: "lambda_min_least", Kind: sweep.Float, Doc: "the least lambda_min of the recorded steps; undefined unless it is recorded"},
		{Name: "loss_final", Kind: sweep.Float, Doc: "L at the last step, whether or not loss is recorded"},
		{Name: "event_fit", Kind: sweep.Bool, Doc: "K exists; false on a plateau, a divergence, or after the theory's own time"},
		{Name: "event_rate", Kind: sweep.Bool, Doc: "a fit with L(k) <= (1 - eta lambda0/2)^k L(0) at every k <= K; needs 0 < eta lambda0 < 2"},
		{Name: "event_kernel", Kind: sweep.Bool, Doc: "a fit with lambda_min >= lambda0/2 at every recorded k <= K; needs lambda_min recorded"},
		{Name: "event_init", Kind: sweep.Bool, Doc: "lambda_min >= 3/4 lambda0 at step 0; needs lambda_min recorded"},
	}
}
