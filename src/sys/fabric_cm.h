/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal to the fabric's files, and to processes that open the device by themselves: the inside
 * of a fabric and of an endpoint, and its connection to itself. */
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
	struct rdma_event_channel *events;
	struct rdma_cm_id *id; /* bound to the address: holds the device */
	/* belongs to librdmacm, which keeps it open until the process ends */
	struct ibv_context *verbs;
	struct ibv_pd *pd;
	uint32_t max_message_bytes;
	uint32_t max_sges;
};

struct pp_fmr {
	struct ibv_mr *mr;
};

struct pp_endpoint {
	struct pp_fabric *fabric;
	/* connection manager */
	struct rdma_event_channel *events;
	struct rdma_cm_id *listener;
	struct rdma_cm_id *active, *passive; /* NULL while not connected */
	uint32_t attempt; /* number of the connection, to tell requests of an earlier one */
	bool active_up, passive_up;
	unsigned path_mtu_bytes;
	/* verbs */
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq;
	/* the stage, as much again for scattered elements, and a page for an atomic's answer */
	uint8_t *stage;
	size_t stage_bytes;
	struct ibv_mr *stage_mr;
};

/** pp_fabric_open_device - verbs device @name, opened anew; NULL if there is none or it cannot be.
 */
struct ibv_context *pp_fabric_open_device(const char *name);
/** pp_fabric_reg_on - pp_fabric_reg() on any protection domain. */
int pp_fabric_reg_on(struct ibv_pd *pd, void *addr, size_t length_bytes, unsigned access,
		     struct ibv_mr **out, struct pp_err *err);

/** pp_cm_bind - an id bound to @address on a new event channel: the device is (*id)->verbs. */
int pp_cm_bind(struct in_addr address, struct rdma_event_channel **events, struct rdma_cm_id **id,
	       struct pp_err *err);
void pp_cm_unbind(struct rdma_event_channel **events, struct rdma_cm_id **id);

/** pp_cm_listen - event channel and listener on the fabric's address. */
int pp_cm_listen(struct pp_endpoint *ep, struct pp_err *err);

/** pp_cm_connect - two connected QPs on the fabric's PD and ep->cq; leaves nothing on failure. */
int pp_cm_connect(struct pp_endpoint *ep, uint64_t deadline_ns, struct pp_err *err);
/** pp_cm_disconnect - destroys both QPs: nothing of theirs arrives any more. */
void pp_cm_disconnect(struct pp_endpoint *ep);

/** pp_cm_poll - wait until @fd is readable: 0, -ETIMEDOUT after @deadline_ns, -EINTR, other
 * -errno. */
int pp_cm_poll(int fd, uint64_t deadline_ns);

#endif
