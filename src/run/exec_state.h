/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The executor's inside: objects of the plan as they are at run time, and the table of verbs. */
#ifndef PP_RUN_EXEC_STATE_H
#define PP_RUN_EXEC_STATE_H

#include <pthread.h>

#include "run/exec.h"
#include "sys/fabric.h"
#include "sys/pinio.h"
#include "sys/pins.h"
#include "sys/region.h"

#define PP_OP_BOUND_MS 20000u /* default bound of one operation inside a case */

struct pp_exec_fs {
	const char *dev; /* NULL for tmpfs */
	char dir[256];
	bool mounted;
};

struct pp_exec_region {
	struct pp_region r;
	bool created;
};

struct pp_exec_mr {
	struct pp_fmr *handle; /* NULL while not registered */
	bool absent; /* refused, or left out by a --drop switch: what needs it is skipped */
	uint64_t pages;
};

struct pp_exec {
	const struct pp_exec_setup *setup;
	const struct pp_plan *plan;
	struct pp_exec_fs *fs;
	struct pp_exec_region *regions;
	struct pp_exec_mr *mrs;
	struct pp_fabric *fabric;
	pthread_mutex_t fabric_lock;
	pthread_mutex_t lock; /* guards ended[], stop, outcome and the objects' states */
	pthread_cond_t changed;
	bool *ended;                      /* by index of the op */
	bool stop;                        /* set-up broke: no actor goes on */
	bool planted;                     /* a one-shot fault was used up */
	int64_t pins_base, pins_expected; /* pages */
	bool pins_foreign; /* others hold pins or take them: the global counters say nothing of us
			    */
	int64_t vmpin_base;
	uint64_t packets_base;
	struct pp_exec_outcome *outcome;
};

/* One actor's thread. */
struct pp_worker {
	struct pp_exec *x;
	uint16_t actor;
	pthread_t thread;
	struct pp_pinio *pinio;
	uint8_t *buf; /* stamps to write, bytes observed; page aligned */
	size_t buf_bytes;
	struct pp_err err; /* of the operation at hand */
};

/* What an operation acts on, resolved. */
struct pp_target_ref {
	const struct pp_op *op;
	uint16_t region;       /* PP_NO_INDEX if none */
	uint64_t offset_bytes; /* in the region */
	size_t length_bytes;
	uint32_t bound_ms;
};

/*
 * How a verb is carried out. Writes: prepare (before the operation begins), put. Observations:
 * prepare, fetch (bytes into w->buf), finish (after the operation ended). Others: act. All return 0
 * or bytes >= 0, or -errno.
 */
struct pp_verb_impl {
	int (*act)(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e);
	int (*prepare)(struct pp_worker *w, const struct pp_target_ref *t);
	int64_t (*put)(struct pp_worker *w, const struct pp_target_ref *t);
	int64_t (*fetch)(struct pp_worker *w, const struct pp_target_ref *t);
	int (*finish)(struct pp_worker *w, const struct pp_target_ref *t);
};
extern const struct pp_verb_impl pp_verb_impls[PP_VERB_COUNT];

/* exec_objects.c: the plan's objects */
int pp_exec_objects_open(struct pp_exec *x, struct pp_err *err);
void pp_exec_objects_close(struct pp_exec *x);
/** pp_exec_region_ready - create what stands behind the region if that was not done yet. */
int pp_exec_region_ready(struct pp_exec *x, uint16_t index, struct pp_err *err);
int pp_exec_fs_make(struct pp_exec *x, uint16_t index, struct pp_err *err);
int pp_exec_fs_mount(struct pp_exec *x, uint16_t index, struct pp_err *err);
int pp_exec_fs_umount(struct pp_exec *x, uint16_t index, uint32_t bound_ms, struct pp_err *err);
/** pp_exec_fs_cycle - unmount and mount again; files of its regions are closed and reopened. */
int pp_exec_fs_cycle(struct pp_exec *x, uint16_t index, uint32_t bound_ms, struct pp_err *err);
/** pp_exec_region_dev - block device under the region's file, NULL if none. */
const char *pp_exec_region_dev(struct pp_exec *x, uint16_t index);
/** pp_exec_pins_baseline - take the baseline for quiet points. */
int pp_exec_pins_baseline(struct pp_exec *x, struct pp_err *err);

#endif
