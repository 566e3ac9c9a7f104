/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal to fabric.c and fabric_cm.c: the fabric's inside, and its connection to itself. */
#ifndef PP_SYS_FABRIC_CM_H
#define PP_SYS_FABRIC_CM_H

#include <infiniband/verbs.h>
#include <netinet/in.h>
#include <rdma/rdma_cma.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct pp_fabric {
	struct in_addr address;
	/* connection manager */
	struct rdma_event_channel *events;
	struct rdma_cm_id *listener;
	struct rdma_cm_id *active, *passive; /* NULL while not connected */
	uint32_t attempt; /* number of the connection, to tell requests of an earlier one */
	bool active_up, passive_up;
	/* verbs; the context belongs to librdmacm, which keeps it open until the process ends */
	struct ibv_context *verbs;
	struct ibv_pd *pd;
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq;
	uint64_t next_wr;
	unsigned path_mtu_bytes;
	uint32_t max_message_bytes;
	/* staging buffer */
	void *stage;
	size_t stage_bytes;
	struct ibv_mr *stage_mr;
};

/** pp_cm_listen - event channel and listener on the fabric's address; finds the verbs context. */
int pp_cm_listen(struct pp_fabric *f, struct pp_err *err);
void pp_cm_unlisten(struct pp_fabric *f);

/** pp_cm_connect - two connected QPs on f->pd and f->cq; leaves nothing on failure. */
int pp_cm_connect(struct pp_fabric *f, uint64_t deadline_ns, struct pp_err *err);
void pp_cm_disconnect(
	struct pp_fabric *f); /* destroys both QPs: nothing of theirs arrives any more */

/** pp_cm_poll - wait until @fd is readable: 0, -ETIMEDOUT after @deadline_ns, other -errno. */
int pp_cm_poll(int fd, uint64_t deadline_ns);

#endif
