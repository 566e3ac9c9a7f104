/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The soft-RoCE device: a dummy netdev and an rxe link on it, made and removed
 * by netlink (RTM_NEWLINK; RDMA_NLDEV_CMD_NEWLINK, drivers/infiniband/core/nldev.c).
 */
#ifndef PP_SYS_LINK_H
#define PP_SYS_LINK_H

#include <netinet/in.h>
#include <stdint.h>

#include "core/err.h"

struct pp_link {
	char netdev[16];        /* "pp1234d": unique to the process that made it */
	char ibdev[64];         /* "pp1234r" */
	struct in_addr address; /* of the netdev, from 198.18.0.0/15 (RFC 2544) */
	int made_netdev, made_ibdev;
};

/**
 * pp_link_make - dummy netdev (MTU 9000, up, one address), rxe on it, port ACTIVE
 *
 * Tries modprobe for the modules it needs (root only); where one is absent -ENODEV with the
 * sentence naming which. On any failure nothing is left behind. Waits (bounded) for the IPv4 GID
 * and the port state. A process has one link: a second call while it lives gives -EEXIST.
 */
int pp_link_make(struct pp_link *out, struct pp_err *err);

/**
 * pp_link_remove - remove what pp_link_make() made; safe to call twice, and from a clean-up process
 *
 * -EBUSY if after 10 s some process still has the verbs device open; nothing is removed then. (The
 * kernel would sleep uninterruptibly.) A process that opened a fabric has it open until it exits.
 */
int pp_link_remove(struct pp_link *link, struct pp_err *err);

/**
 * pp_link_existing - use RDMA device @ibdev, which is there already
 *
 * Nothing of it is changed: made_netdev and made_ibdev are 0, so that pp_link_remove() does
 * nothing. -ENODEV with a sentence that lists what there is, or that says that it has no IPv4
 * address.
 */
int pp_link_existing(const char *ibdev, struct pp_link *out, struct pp_err *err);

/** pp_link_sweep - remove links left by pinproof processes that no longer live; returns how many.
 */
int pp_link_sweep(struct pp_err *err);

#endif
