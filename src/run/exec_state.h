/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The executor's inside: objects of the plan as they are at run time, and the table of verbs. */
#ifndef PP_RUN_EXEC_STATE_H
#define PP_RUN_EXEC_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "core/ledger.h"
#include "core/ledger_fds.h"
#include "core/oracle.h" /* PP_OP_BOUND_MS: what is judged is what was granted */
#include "run/exec.h"
#include "sys/fabric.h"
#include "sys/pages.h"
#include "sys/pinio.h"
#include "sys/region.h"

struct pp_exec_fs {
	const char *dev; /* NULL for tmpfs */
	char dir[256];
	bool mounted;
};

struct pp_exec_region {
	struct pp_region r;
	bool created;
	uint64_t *frames; /* that page-mark remembered, of each page; NULL: none; guarded by lock */
	/*
	 * Held for writing by what moves the address (pp_verb_info.moves, map, unmap); for reading
	 * by CPU access, as that would hit whatever lies there next. A system call that pins is
	 * only covered in a storm: in a directed plan its window may be held open on purpose while
	 * the mapping goes, and the plan's order says what is meant.
	 */
	pthread_rwlock_t moving;
};

struct pp_exec_gate;  /* exec_gates.c */
struct pp_exec_peer;  /* exec_looks.c: the second process */
struct pp_exec_child; /* exec_hazards.c: an actor's child */
struct pp_exec_plant;
struct pp_exec_storm;

struct pp_exec_mr {
	struct pp_fmr *handle; /* NULL while not registered */
	bool fixed;            /* kind uring: registered as the owning actor's fixed buffer */
	uint16_t owner;        /* kind uring: the actor whose ring it is */
	struct pp_pinio *ring; /* kind uring: that ring, with this buffer alone */
	uint8_t *addr;         /* kind uring: where it was when it was registered */
	bool absent; /* refused, or left out by a --drop switch: what needs it is skipped */
};

static inline bool pp_exec_mr_held(const struct pp_exec_mr *mr)
{
	return mr->handle || mr->fixed;
}

struct pp_exec {
	const struct pp_exec_setup *setup;
	const struct pp_plan *plan;
	struct pp_exec_fs *fs;
	struct pp_exec_region *regions;
	struct pp_exec_mr *mrs;
	struct pp_exec_gate *gates; /* of the plan's gates */
	struct pp_exec_peer *peer;  /* NULL: the plan needs none */
	struct pp_fabric *fabric;   /* device, PD and MRs; queue pairs are the workers' */
	struct pp_worker *workers;  /* of each actor */
	pthread_mutex_t lock;       /* guards ended[], stop, outcome and the objects' states */
	pthread_cond_t changed;
	bool *ended;                    /* by index of the op */
	bool stop;                      /* set-up broke: no actor goes on */
	struct pp_exec_plant *plant;    /* exec_plant.c: the one device write to spoil; NULL */
	struct pp_exec_storm *storm;    /* exec_storm.c; NULL: the plan has none */
	struct pp_ledger *ledger;       /* guarded by lock */
	int64_t base[PP_ACCOUNT_COUNT]; /* the accounts when the case began */
	struct pp_accounts *accounts;   /* what readings of them need */
	bool pins_foreign; /* others hold pins or take them: the global counters say nothing of us
			    */
	_Atomic pid_t owner_pid, heir_pid; /* 0: there is none */
	struct pp_exec_outcome *outcome;
};

/* One actor's thread. */
struct pp_worker {
	struct pp_exec *x;
	uint16_t actor;
	pthread_t thread;
	struct pp_endpoint *endpoint; /* own queue pair and stage; NULL without a fabric */
	struct pp_pinio *pinio;       /* own io_uring */
	int held_pipe[2];             /* splice-hold: -1 until used */
	struct pp_exec_child *child;  /* NULL: none */
	_Atomic pid_t child_pid;      /* of it: whoever takes a reading of the accounts looks */
	int64_t accounts[PP_ACCOUNT_COUNT]; /* the quiet point at hand */
	pid_t tid;            /* set by the thread itself before its first operation */
	_Atomic bool working; /* at an operation, its preparation included */
	_Atomic uint32_t op;  /* being carried out, 0: none: await-asleep and the watchdog look */
	_Atomic uint64_t deadline_ns; /* of that operation: the watchdog interrupts it then; 0: none
				       */
	_Atomic uint64_t watched_ns;  /* when the watchdog was told of that operation */
	_Atomic bool signalling;      /* the watchdog is about to interrupt: do not go on yet */
	_Atomic bool signalled;       /* it did: the signal may still be pending */
	bool in_storm;
	uint32_t told;     /* the watchdog's: the last operation whose stacks it wrote down */
	uint64_t began_ns; /* when the operation at hand was published */
	uint8_t *buf;      /* stamps to write, bytes observed; page aligned */
	size_t buf_bytes;
	struct pp_exec_via {
		const char *dev; /* NULL: free */
		int fd;
	} via[PP_FDS_VIAS];     /* raw disks that stay open for the next transfer */
	uint64_t atomic_before; /* what an atomic's 8 bytes were when it was prepared */
	struct pp_err err;      /* of the operation at hand */
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
 * prepare, fetch (bytes into w->buf), finish (after the operation ended). Looks at pages: look (one
 * answer a page). Others: act. All return 0
 * or bytes >= 0, or -errno. A call that blocks must return -EINTR when a signal interrupts it: so
 * the watchdog ends what exceeds its bound (O9 then says so).
 */
struct pp_verb_impl {
	enum pp_verb verb;
	int (*act)(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e);
	int (*prepare)(struct pp_worker *w, const struct pp_target_ref *t);
	int64_t (*put)(struct pp_worker *w, const struct pp_target_ref *t);
	int64_t (*fetch)(struct pp_worker *w, const struct pp_target_ref *t);
	int (*finish)(struct pp_worker *w, const struct pp_target_ref *t);
	int (*look)(struct pp_worker *w, const struct pp_target_ref *t, struct pp_page_info *out);
};

/* One list a file, each ends with PP_VERB_NONE. */
extern const struct pp_verb_impl pp_exec_basic_verbs[];  /* exec_verbs.c */
extern const struct pp_verb_impl pp_exec_device_verbs[]; /* exec_device.c: verbs, fixed buffers */
extern const struct pp_verb_impl pp_exec_gate_verbs[];   /* exec_gates.c: gates, holds, awaits */
extern const struct pp_verb_impl pp_exec_hazard_verbs[]; /* exec_hazards.c */
extern const struct pp_verb_impl pp_exec_look_verbs[];   /* exec_looks.c: observers, fsck */
extern const struct pp_verb_impl pp_exec_memory_verbs[]; /* exec_memory.c: other hazards of pages */
extern const struct pp_verb_impl pp_exec_page_verbs[];   /* exec_pages.c: frames and states */
extern const struct pp_verb_impl pp_exec_quiet_verbs[];  /* exec_quiet.c */
extern const struct pp_verb_impl pp_exec_owner_verbs[];  /* exec_owner.c */
/** pp_exec_verb - how @verb is carried out; NULL if nobody does. */
const struct pp_verb_impl *pp_exec_verb(enum pp_verb verb);

/* exec.c: the worker's side of the watchdog, and one operation from start to end. */
/** pp_exec_op - carry out @op and record it: 0, PP_EXEC_SKIPPED (recorded as such), or < 0: the
 * case cannot go on, w->err says why. */
#define PP_EXEC_SKIPPED 1
int pp_exec_op(struct pp_worker *w, const struct pp_op *op);
/** pp_exec_broken - the case cannot go on: the first reason stands; everybody stops. */
void pp_exec_broken(struct pp_exec *x, const char *where, const struct pp_err *err);

/* exec_watch.c: interrupts operations that exceed their bound. */
struct pp_watch;
int pp_watch_start(struct pp_exec *x, struct pp_watch **out, struct pp_err *err);
void pp_watch_stop(struct pp_watch *watch); /* NULL is fine */
void pp_watch_op_begins(struct pp_worker *w, uint32_t op, uint32_t bound_ms);
void pp_watch_op_ended(struct pp_worker *w);

/* exec_record.c: what an operation leaves in the history. */
uint64_t pp_exec_now(const struct pp_exec *x); /* in the history's time */
void pp_exec_skipped(struct pp_worker *w, const struct pp_target_ref *t);
int pp_exec_act(struct pp_worker *w, const struct pp_target_ref *t);
int pp_exec_write(struct pp_worker *w, const struct pp_target_ref *t);
int pp_exec_observe(struct pp_worker *w, const struct pp_target_ref *t);
/** pp_exec_publish - the operation has begun: from here on it may have taken effect. Its open
 * event, NULL if the history is full, which ends the case. */
struct pp_event *pp_exec_publish(struct pp_worker *w, const struct pp_target_ref *t);
/** pp_exec_record - one more event, open as yet; NULL likewise. */
struct pp_event *pp_exec_record(struct pp_worker *w, const struct pp_event *e);

/* exec_pages.c */
int pp_exec_look(struct pp_worker *w, const struct pp_target_ref *t);

/* exec_plant.c: the fault that --plant or a self-test asked for. */
int pp_exec_plant_open(struct pp_exec *x, size_t longest, struct pp_err *err);
void pp_exec_plant_close(struct pp_exec *x);
/** pp_exec_plant_put - the provider's put() of @t, or what the fault makes of it. */
int64_t pp_exec_plant_put(struct pp_worker *w, const struct pp_target_ref *t);
/** pp_exec_plant_look - before a look at pages, which may be the one that the fault hits. */
int pp_exec_plant_look(struct pp_worker *w, const struct pp_target_ref *t);
/** pp_exec_plant_after - behind each operation: what was delayed may be due. */
void pp_exec_plant_after(struct pp_worker *w, const struct pp_target_ref *t);
/** pp_exec_plant_last - behind the actor's last operation: what is left is carried out. */
void pp_exec_plant_last(struct pp_worker *w);

/* exec_storm.c */
int pp_exec_storm_open(struct pp_exec *x, struct pp_err *err);
void pp_exec_storm_close(struct pp_exec *x);
/** pp_exec_storm - wait until all operations above the storm ended, draw and run, wait for all;
 *  < 0: stop. Without a storm 0 at once. */
int pp_exec_storm(struct pp_worker *w);

/* Helpers that all lists share: exec_verbs.c. */
struct pp_region *pp_exec_region_of(struct pp_worker *w, const struct pp_target_ref *t);
uint8_t *pp_exec_memory_at(struct pp_worker *w, const struct pp_target_ref *t);
/** pp_exec_file_ready - create the file behind the region if that was not done yet: for prepare. */
int pp_exec_file_ready(struct pp_worker *w, const struct pp_target_ref *t);
/** pp_exec_via_offset - (exec_device.c) where on the raw disk of via= an actor's part begins. */
uint64_t pp_exec_via_offset(uint16_t actor);

/* exec_device.c */
/** pp_exec_worker_endpoint - the worker's queue pair; its stage takes the place of w->buf. */
int pp_exec_worker_endpoint(struct pp_worker *w, size_t stage_bytes, struct pp_err *err);
/** pp_exec_worker_device_close - the queue pair, w->buf if it was the stage, and the raw disks. */
void pp_exec_worker_device_close(struct pp_worker *w);
void pp_exec_mrs_close(struct pp_exec *x); /* deregister what the plan left registered */

/* exec_gates.c: made before, removed after everything else. */
int pp_exec_gates_open(struct pp_exec *x, struct pp_err *err);
void pp_exec_gates_close(struct pp_exec *x);
/** pp_exec_gates_release - resume every gate that is held, so that nobody sleeps behind it; from
 *  any thread, also when nothing is open. */
void pp_exec_gates_release(struct pp_exec *x);
/** pp_exec_dev - block device that fills a slot or is the gate of that name; NULL if none. */
const char *pp_exec_dev(struct pp_exec *x, const char *slot);
/** pp_exec_dev_below - the disk below: of a gate the device behind it, else as pp_exec_dev(). */
const char *pp_exec_dev_below(struct pp_exec *x, const char *slot);
/** pp_exec_worker_pipe - give the actor a pipe with room for the pages of [@mem, +@length), at most
 *  1 MiB of them; -EBUSY if it holds one. */
int pp_exec_worker_pipe(struct pp_worker *w, const void *mem, size_t length_bytes);
/** pp_exec_splice_in - vmsplice all of [@mem, +@length) into the pipe: 0 or -errno. */
int pp_exec_splice_in(int fd, const void *mem, size_t length_bytes, struct pp_err *err);
void pp_exec_worker_unhold(struct pp_worker *w); /* close its pipe */

/* exec_looks.c: forked before the fabric is opened. */
int pp_exec_peer_open(struct pp_exec *x, struct pp_err *err);
void pp_exec_peer_close(struct pp_exec *x);
/** pp_exec_peer_forget - the second process drops its mappings of files in filesystem @fs. */
void pp_exec_peer_forget(struct pp_exec *x, uint16_t fs);

/* exec_hazards.c */
void pp_exec_worker_unfork(struct pp_worker *w);    /* end what fork or child-hold left */
pid_t pp_exec_child_pid(const struct pp_worker *w); /* 0: the actor has no child */

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

/* exec_quiet.c: the accounts of quiet points */
/** pp_exec_accounts_open - what they are before the case does anything. */
int pp_exec_accounts_open(struct pp_exec *x, struct pp_err *err);
void pp_exec_accounts_close(struct pp_exec *x);
/** pp_exec_accounts_note - this operation has ended, with @e->result. */
void pp_exec_accounts_note(struct pp_exec *x, const struct pp_event *e);

#endif
