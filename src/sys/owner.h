/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The owner: a process beside the case that opens the RDMA device and rings by
 * itself, registers memory, and ends in every way that a process can. Its child,
 * the heir, inherits its descriptors.
 */
#ifndef PP_SYS_OWNER_H
#define PP_SYS_OWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"
#include "core/plan.h"

/* One request at a time: the caller holds a lock. */
struct pp_owner {
	pid_t nursery; /* forks owners and waits for them: it has one thread */
	int fd;
	pid_t pid, heir; /* 0: none lives */
	uint32_t serial; /* of the last request: late answers to an interrupted one are dropped */
};

/**
 * pp_owner_open - fork the nursery: single-threaded callers only, before verbs devices exist
 * @plan: must not change afterwards: what is registered is said by index
 * @ibdev: device that owners open, NULL if the plan lets them register no MR of the fabric
 *
 * All it starts dies with us, however we end. Returns 0, or -errno of fork(2) and socketpair(2).
 */
int pp_owner_open(struct pp_owner *o, const struct pp_plan *plan, const char *ibdev,
		  struct pp_err *err);
void pp_owner_close(struct pp_owner *o); /* ends all; safe on a zeroed struct */

/*
 * The requests. All return 0, -errno of what was tried, -ESRCH if there is no owner (or heir),
 * -EINTR if a signal came while waiting, -EPIPE if the nursery is gone.
 */

struct pp_owner_limits {
	bool limited;
	uint64_t memlock_bytes; /* RLIMIT_MEMLOCK; without limited: none */
	bool no_caps;           /* it drops every capability, once the device is open */
};

/** pp_owner_start - start it, and let it open the device; -EEXIST if one lives. */
int pp_owner_start(struct pp_owner *o, const struct pp_owner_limits *limits, struct pp_err *err);

/**
 * pp_owner_reg - it registers MR @mr of the plan
 * @fd: of the region's object, to be mapped by the owner; -1: the memory is the owner's own
 * @path: of that object, "" if none (a devdax device's alignment is asked by it)
 *
 * Its mapping of a region is made at the first registration and kept.
 */
int pp_owner_reg(struct pp_owner *o, uint16_t mr, int fd, const char *path, struct pp_err *err);
int pp_owner_dereg(struct pp_owner *o, uint16_t mr, struct pp_err *err);

/** pp_owner_unmap - munmap(2) of a part of its mapping, which is made if there is none; @fd and
 *  @path as above. */
int pp_owner_unmap(struct pp_owner *o, uint16_t region, uint64_t offset_bytes,
		   uint64_t length_bytes, int fd, const char *path, struct pp_err *err);

/** pp_owner_fork - it forks the heir; -EEXIST if one lives. */
int pp_owner_fork(struct pp_owner *o, struct pp_err *err);

enum pp_owner_end { PP_OWNER_EXEC, PP_OWNER_EXIT, PP_OWNER_KILL };
/** pp_owner_end - another program takes its place and stays, or it ends; nothing is deregistered.
 *  It has happened when this returns, but the kernel may still be closing descriptors. */
int pp_owner_end(struct pp_owner *o, enum pp_owner_end how, struct pp_err *err);
int pp_owner_heir_end(struct pp_owner *o, struct pp_err *err);

#endif
