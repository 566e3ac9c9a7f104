/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child that does nothing but exist: it shares the mappings as they were at
 * the fork, and may hold references to pages of one of them in a pipe.
 */
#ifndef PP_SYS_CHILD_H
#define PP_SYS_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"

struct pp_child {
	pid_t pid;
	int fd; /* our end: the child ends by itself when it is closed, also by our death */
};

/**
 * pp_child_start - fork it, and wait until it has settled
 * @pipe: -1, or the end of a pipe into which the child vmsplices [@mem, @mem+@length_bytes), and
 *        keeps open
 *
 * The child closes every inherited file at once: an open verbs device would keep its pins and
 * its link alive. (Mappings of such a device stay, and keep it open: end the child before the
 * fabric is closed.) It dies with the calling thread. Returns 0, -errno of the fork or of the
 * child's vmsplice (-ENOSPC: the pipe took less), -EINTR if a signal came meanwhile; on error no
 * child is left. May be called by one thread of several.
 */
int pp_child_start(struct pp_child *c, int pipe, const void *mem, size_t length_bytes,
		   struct pp_err *err);

/** pp_child_end - let it go by itself, or with @by_signal by SIGKILL, and wait for its end. Returns
 *  0 or -EINTR, when it is still to be waited for. */
int pp_child_end(struct pp_child *c, int by_signal, struct pp_err *err);

#endif
