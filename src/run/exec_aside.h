/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands beside the executing process: keeper, second process, own cgroup. Internal to
 * exec_looks.c, which makes them, and exec_hazards.c, which uses them. */
#ifndef PP_RUN_EXEC_ASIDE_H
#define PP_RUN_EXEC_ASIDE_H

#include <pthread.h>

#include "run/exec_state.h"
#include "sys/hazard.h"
#include "sys/keeper.h"
#include "sys/owner.h"
#include "sys/peer.h"

struct pp_exec_peer {
	pthread_mutex_t lock;    /* one request at a time, to either */
	struct pp_keeper keeper; /* pid 0: the plan owes nothing to the machine */
	struct pp_peer peer;     /* pid 0: the plan needs none */
	struct pp_owner owner;   /* nursery 0: the plan needs none */
	struct pp_memcg memcg;   /* mount "": the plan does not reclaim */
	int memcg_debt;          /* -1: none */
	char pool[32];           /* size of the pool of huge pages before it was drained */
	int pool_debt;           /* -1: none */
	int uffd;                /* what protects pages: -1 if nothing does */
	int *frozen;             /* of each filesystem: its debt, -1 if it is not frozen */
};

/** pp_exec_owe - tell the keeper, from any thread; number of the debt or -errno. */
int pp_exec_owe(struct pp_worker *w, enum pp_debt debt, const char *path, const char *text);
/** pp_exec_paid - that debt is settled: as pp_keeper_paid(). */
int pp_exec_paid(struct pp_exec *x, int number);

/** pp_exec_direct_open - the region's file once more, O_DIRECT: a file descriptor or -errno. */
int pp_exec_direct_open(struct pp_worker *w, const struct pp_target_ref *t);
/** pp_exec_ring - make the actor's io_uring if it has none yet. */
int pp_exec_ring(struct pp_worker *w);
/** pp_exec_file_io - the operation's range between the file and @mem by io_uring, as split=, depth=
 *  and mode= say: bytes or -errno. */
int64_t pp_exec_file_io(struct pp_worker *w, const struct pp_target_ref *t, int fd, bool write,
			void *mem);

#endif
