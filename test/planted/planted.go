// Package planted names the bugs that can be built into the program on purpose, one at a time, by a build tag: the fault simulator must
// find each of them, or it would find nothing (see test/simulate). The places where a bug can be planted compare two constants, so that
// the compiler leaves nothing of it in a program that is built without such a tag.
package planted

// The bugs. Each has a file bug_NAME.go, with a tag of that name.
const (
	AckBeforeCommit     = "ack_before_commit"    // results are acknowledged when they come, not when they are on disk
	BackForgotten       = "back_forgotten"       // the loss of an agent that comes back stays counted
	CheckpointForgotten = "checkpoint_forgotten" // a point that was preempted begins anew
	CheckpointKept      = "checkpoint_kept"      // checkpoints of points that are done stay
	CommitUnchecked     = "commit_unchecked"     // a batch that the disk did not take counts as stored
	CountedTwice        = "counted_twice"        // an outcome that comes again is counted again
	EpochForgotten      = "epoch_forgotten"      // fences begin again with each start of a coordinator
	FenceUnchecked      = "fence_unchecked"      // a failure counts under any fence
	HandbackCounted     = "handback_counted"     // a point that an agent hands back when it leaves counts as tried
	HandedOutTwice      = "handed_out_twice"     // points that an agent has are given to others when it comes back
	LeaseImmortal       = "lease_immortal"       // a lost agent's leases never end
	LostForgotten       = "lost_forgotten"       // a lost agent's points are not given to others
	ReattachForgotten   = "reattach_forgotten"   // agents that come back are told to stop what they run
	ResendForgotten     = "resend_forgotten"     // what was sent and not acknowledged is not sent again
	SpoolEmptied        = "spool_emptied"        // results leave the spool when they are sent, not when they are acknowledged
	SpoolForgotten      = "spool_forgotten"      // what dead agents have left in the spool is not taken over
	TroubleForgotten    = "trouble_forgotten"    // failures are not stored
	WindowIgnored       = "window_ignored"       // agents get more points than they ask for
)

// All lists them.
func All() []string {
	return []string{
		AckBeforeCommit, BackForgotten, CheckpointForgotten, CheckpointKept, CommitUnchecked, CountedTwice, EpochForgotten, FenceUnchecked, HandbackCounted, HandedOutTwice, LeaseImmortal,
		LostForgotten, ReattachForgotten, ResendForgotten, SpoolEmptied, SpoolForgotten, TroubleForgotten, WindowIgnored,
	}
}
