/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The account of file descriptors: what the plan has the case's process open, and close again,
 * operation by operation. Files, rings, disks and pipes are opened when they are first needed.
 */
#ifndef PP_CORE_LEDGER_FDS_H
#define PP_CORE_LEDGER_FDS_H

#include "core/history.h"
#include "core/plan.h"

/* Raw disks that an actor keeps open: one more takes the oldest's place. */
#define PP_FDS_VIAS 4

struct pp_fds;

/** pp_fds_new - nothing was done yet; NULL without memory. @plan must outlive it. */
struct pp_fds *pp_fds_new(const struct pp_plan *plan);
void pp_fds_free(struct pp_fds *f); /* NULL is fine */

/** pp_fds_apply - the operation of @e, of this plan, was carried out; in order of time. */
void pp_fds_apply(struct pp_fds *f, const struct pp_event *e);

/** pp_fds_open - how many more are open than when the case began. */
int64_t pp_fds_open(const struct pp_fds *f);

/** pp_fds_pending - may an operation that simply moves data still open one? When none may, only
 *  other operations and failures change what is open. */
bool pp_fds_pending(const struct pp_fds *f);

#endif
