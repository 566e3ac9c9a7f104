/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The second process: it maps the same files by itself and looks at them, and
 * does what only another process can be asked for.
 */
#ifndef PP_SYS_PEER_H
#define PP_SYS_PEER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"

#define PP_PEER_KEYS 256

/* One request at a time: the caller holds a lock. */
struct pp_peer {
	pid_t pid;
	int fd;
	uint8_t *shared; /* what it loaded */
	size_t shared_bytes;
	uint32_t serial; /* of the last request: late answers to an interrupted one are dropped */
};

/**
 * pp_peer_start - fork it: single-threaded callers only, before verbs devices and regions exist
 * @shared_bytes: longest load
 *
 * It dies with us and ends when our end of its socket is closed.
 */
int pp_peer_start(struct pp_peer *p, size_t shared_bytes, struct pp_err *err);
void pp_peer_stop(struct pp_peer *p); /* waits for its end; safe on a zeroed struct */

/* What a request is about: a range of a file, and how much of the file is mapped for it. */
struct pp_peer_range {
	unsigned key; /* below PP_PEER_KEYS: the mapping under this key is made once and kept */
	int fd;
	size_t map_bytes;
	uint64_t offset_bytes;
	size_t length_bytes;
};

/**
 * pp_peer_load - CPU loads through its own shared mapping, into @to
 *
 * Returns 0, -EFAULT where a load gave SIGBUS, -EINTR if a signal came while waiting, -errno of
 * its mmap, -EPIPE if it is gone.
 */
int pp_peer_load(struct pp_peer *p, const struct pp_peer_range *r, void *to, struct pp_err *err);

/** pp_peer_forget - unmap what is kept under @key: a mapping keeps its filesystem busy. */
int pp_peer_forget(struct pp_peer *p, unsigned key, struct pp_err *err);

/**
 * pp_peer_link_delete - "rdma link delete" of a link of its own, on which a third process holds an
 * MR over the range
 *
 * The deletion must sleep in the kernel until that process is killed, and then end. 0 if so;
 * -EPROTO if it did not wait, -ETIMEDOUT if it did not begin to wait or did not end within
 * @bound_ms, -errno of what could not be set up. Source: ib_uverbs_remove_one() in
 * drivers/infiniband/core/uverbs_main.c.
 */
int pp_peer_link_delete(struct pp_peer *p, const struct pp_peer_range *r, uint32_t bound_ms,
			struct pp_err *err);

#endif
