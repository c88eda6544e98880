//go:build !bug_ack_before_commit && !bug_back_forgotten && !bug_checkpoint_forgotten && !bug_checkpoint_kept && !bug_commit_unchecked && !bug_counted_twice && !bug_epoch_forgotten && !bug_fence_unchecked && !bug_handback_counted && !bug_handed_out_twice && !bug_lease_immortal && !bug_lost_forgotten && !bug_reattach_forgotten && !bug_resend_forgotten && !bug_spool_emptied && !bug_spool_forgotten && !bug_trouble_forgotten && !bug_window_ignored

package planted

// Bug is the one that this program has: none.
const Bug = ""
