/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest left: its result stream is unpacked, and a case that the guest took with it is a
 * CRASH. */
#ifndef PP_RUN_COLLECT_H
#define PP_RUN_COLLECT_H

#include <stdio.h>

#include "core/err.h"

/*
 * A run directory of the VM:
 *	cases      planned case labels, one a line
 *	guest-N/   results.tar, console.log, ... of the N-th guest
 *	out/       what the guests' streams held: a run directory (rundir.h)
 */

/**
 * pp_collect - unpack @guest's stream into @run/out, classify the case it died in, list what
 * remains
 * @remaining: gets the labels of planned cases that have not begun, one a line
 *
 * Returns 0 or -errno. A missing or cut-off stream is no error: it is what a crash leaves.
 */
int pp_collect(const char *run, const char *guest, FILE *remaining, struct pp_err *err);

/** pp_case_labels - lines of a list of labels; *count of them; to be freed with
 * pp_case_labels_free(). */
int pp_case_labels(const char *dir, const char *name, char ***out, size_t *count,
		   struct pp_err *err);
void pp_case_labels_free(char **labels, size_t count);

#endif
