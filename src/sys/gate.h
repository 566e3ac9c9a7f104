/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gates: device-mapper devices in front of a disk of ours. A held gate queues every
 * bio, so that I/O stays in flight exactly as long as a plan wants.
 *
 * libdevmapper keeps state of its own: calls of one process must not overlap.
 */
#ifndef PP_SYS_GATE_H
#define PP_SYS_GATE_H

#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"

#define PP_GATE_PREFIX_MAX 64

struct pp_gate;

/**
 * pp_gate_prefix - first part of the names of all gates of one run
 * @workdir: the run's work directory, whose last component is random
 *
 * With it the supervisor and the guardian find gates of a child that died.
 */
void pp_gate_prefix(const char *workdir, char *out, size_t size);

/**
 * pp_gate_make - put a linear gate in front of the whole block device @dev
 * @prefix: from pp_gate_prefix(); @name: of the plan, tells gates of a case apart
 *
 * The device gets a name nobody else has, and a node in /dev/mapper with or without udev.
 * Returns 0 and @out, to be given to pp_gate_remove(), or -errno (-EBUSY: @dev is in use).
 * Source: Documentation/admin-guide/device-mapper/linear.rst.
 */
int pp_gate_make(struct pp_gate **out, const char *prefix, const char *name, const char *dev,
		 struct pp_err *err);

/** pp_gate_hold - suspend without flushing: I/O that is under way ends, later I/O queues up. */
int pp_gate_hold(struct pp_gate *g, struct pp_err *err);
/** pp_gate_open - resume; no error if it was not held. */
int pp_gate_open(struct pp_gate *g, struct pp_err *err);

/** pp_gate_remove - open and remove it; one that is in use goes when its last user does. Frees @g
 * whatever happens. */
int pp_gate_remove(struct pp_gate *g, struct pp_err *err);

const char *pp_gate_node(const struct pp_gate *g); /* "/dev/mapper/..." */
dev_t pp_gate_devt(const struct pp_gate *g);
const char *pp_gate_name(const struct pp_gate *g); /* unique on this machine */

/**
 * pp_gates_sweep - open and remove every gate whose name begins with @prefix, and what traced it
 *
 * For gates of a process that died or hangs: a held one keeps whoever does I/O through it asleep
 * for good, so it is opened first. A gate in use is removed by the kernel when its last user is
 * gone. Returns the number of gates found, or -errno. Does nothing without device-mapper.
 */
int pp_gates_sweep(const char *prefix, struct pp_err *err);

/** pp_gate_possible - 0 if the kernel has device-mapper with a linear target (loads it), else
 * -errno and why. */
int pp_gate_possible(struct pp_err *err);

#endif
