/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hang witness: what is written down of an operation that is behind its
 * bound before anything is done about it.
 */
#ifndef PP_RUN_HANG_H
#define PP_RUN_HANG_H

#include "run/exec.h"

/** pp_hang_note - operation @op, carried out by thread @tid of this process, is @ms old: where it
 *  waits goes into @outcome and the kernel log, the stacks of the whole process group into the
 *  setup's stacks_fd; in a throw-away guest, the kernel lists its blocked tasks. */
void pp_hang_note(const struct pp_exec_setup *setup, struct pp_exec_outcome *outcome, uint32_t op,
		  pid_t tid, uint64_t ms);

/**
 * pp_hang_deadline - the same by the supervisor, for every operation that child @pid has not ended
 * @fd: stacks.txt, -1: nowhere
 * @dump: the kernel may list its blocked tasks
 * @reason: gets which operation waits where, and for how long
 */
void pp_hang_deadline(const struct pp_plan *plan, const struct pp_recorder *rec, pid_t pid, int fd,
		      bool dump, struct pp_exec_outcome *outcome, char *reason, size_t size);

#endif
