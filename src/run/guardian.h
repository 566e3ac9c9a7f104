/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guardian: a small process that outlives the supervisor's sudden death
 * (SIGKILL, a crash) and takes away what it made in the system: gates, the rxe link,
 * the dummy netdev, the work directory. Mounts need none: they live in private mount
 * namespaces of the children.
 */
#ifndef PP_RUN_GUARDIAN_H
#define PP_RUN_GUARDIAN_H

#include <sys/types.h>

#include "core/err.h"
#include "sys/link.h"

struct pp_guardian {
	pid_t pid;
	int fd; /* our end: closing it, also by dying, wakes the guardian */
};

/** pp_guardian_start - fork it; call before threads, links and directories exist. */
int pp_guardian_start(struct pp_guardian *g, struct pp_err *err);
/** pp_guardian_tell - what to take away: the link (NULL: none) and the directory ("" none). */
int pp_guardian_tell(struct pp_guardian *g, const struct pp_link *link, const char *workdir,
		     struct pp_err *err);
/** pp_guardian_stop - let it clean up now and wait for it. */
void pp_guardian_stop(struct pp_guardian *g);

#endif
