/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts how often functions of the kernel are entered, by probes of our own (kprobe events) and
 * their counters (kprobe_profile): stock kernels have no FUNCTION_PROFILER. Nothing is recorded, as
 * the instance in which the probes are enabled does not trace.
 */
#ifndef PP_SYS_COVER_H
#define PP_SYS_COVER_H

#include "core/coverage.h"

struct pp_cover; /* not thread-safe */

/**
 * pp_cover_open - arm a probe on every function of the list that this kernel has
 *
 * Once a run: seconds, for hundreds of probes. Fills the states of @c, which must be as
 * pp_coverage_open() made it. Returns 0; -ENOENT: no tracefs; -EACCES: not ours to use; -ENODEV:
 * not one probe could be armed; all with a sentence. Source: Documentation/trace/kprobetrace.rst.
 */
int pp_cover_open(struct pp_cover **out, struct pp_coverage *c, struct pp_err *err);
/** pp_cover_close - take the probes away. NULL is fine. */
void pp_cover_close(struct pp_cover *p);

/** pp_cover_begin - count from now on. 0 or -errno. */
int pp_cover_begin(struct pp_cover *p, struct pp_err *err);
/** pp_cover_end - entries since pp_cover_begin(), of whomever: functions of the kernel have no
 * owner. @k is of the coverage that pp_cover_open() filled. 0 or -errno. */
int pp_cover_end(struct pp_cover *p, struct pp_case_coverage *k, struct pp_err *err);

#endif
