/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far a walk over a history is: for whoever would take the silence of a
 * long one for death. The walk itself tells, so one that hangs is silent.
 */
#ifndef PP_CORE_PROGRESS_H
#define PP_CORE_PROGRESS_H

#include <stdint.h>

#define PP_PROGRESS_STRIDE 256u /* events between two words */

struct pp_progress {
	/* @stage: what has been done to @done of @all events, a participle; static storage */
	void (*tell)(void *arg, const char *stage, uint64_t done, uint64_t all);
	void *arg;
};

/** pp_progress_step - @done of @all events are done; told now and then. @p: NULL if nobody listens.
 */
static inline void pp_progress_step(const struct pp_progress *p, const char *stage, uint64_t done,
				    uint64_t all)
{
	if (p && done % PP_PROGRESS_STRIDE == 0)
		p->tell(p->arg, stage, done, all);
}

#endif
