/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper: a process that knows what a case owes to the machine (a frozen
 * filesystem to thaw, a setting to restore, a cgroup to remove) and pays it when
 * the case's process is gone without having done so, however it ended.
 *
 * A filesystem it thaws in any case when PP_KEEPER_THAW_MS are over. The one who
 * froze it may be in no state to: a thread that waits for the filesystem in a page
 * fault holds the lock of the mappings, a second one wants to map memory, and
 * behind that every page fault of the process waits (kernels before 6.4).
 */
#ifndef PP_SYS_KEEPER_H
#define PP_SYS_KEEPER_H

#include <sys/types.h>

#include "core/err.h"

struct pp_keeper {
	pid_t pid;
	int fd; /* our end: closing it, also by dying, lets the keeper pay what is owed */
};

enum pp_debt {
	PP_DEBT_THAW,  /* FITHAW of the filesystem mounted on a path */
	PP_DEBT_WRITE, /* write a text to the control file at a path */
	PP_DEBT_RMDIR, /* remove the directory at a path, once it is not busy */
	PP_DEBT_LINKS  /* remove the rxe links of processes that are gone */
};

#define PP_KEEPER_DEBTS   16
#define PP_KEEPER_THAW_MS 5000u /* less than operations are granted, PP_OP_BOUND_MS */

/**
 * pp_keeper_start - fork it: single-threaded callers only, before anything is worth inheriting
 *
 * It leaves the caller's process group and session, so that what kills the case does not kill it,
 * and stays in its mount namespace.
 */
int pp_keeper_start(struct pp_keeper *k, struct pp_err *err);

/** pp_keeper_owe - it has taken note when this returns: a number for pp_keeper_paid(), or -errno.
 *  A path of PP_DEBT_THAW is opened now, and an unmount fails until the debt is paid. One thread
 *  at a time. */
int pp_keeper_owe(struct pp_keeper *k, enum pp_debt debt, const char *path, const char *text,
		  struct pp_err *err);
/** pp_keeper_paid - the caller has done it itself: forget it. 0, 1 if the keeper had thawed it
 * before, or -errno. */
int pp_keeper_paid(struct pp_keeper *k, int number, struct pp_err *err);
/** pp_keeper_stop - whatever is still owed is paid now, newest first; waits for the end. Safe on a
 *  zeroed struct. */
void pp_keeper_stop(struct pp_keeper *k);

#endif
