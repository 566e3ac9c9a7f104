/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fabric: a verbs device with a protection domain and memory regions, shared
 * by all threads of a process; and endpoints on it, one a thread, each a reliable
 * connected queue pair to itself (set up through librdmacm) with a completion
 * queue and a registered stage of its own. Endpoints share no lock. All of
 * libibverbs' error conventions end here: functions return 0 or -errno.
 */
#ifndef PP_SYS_FABRIC_H
#define PP_SYS_FABRIC_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define PP_ENDPOINT_DEPTH 128u /* most work requests in flight at once; depth= beyond is cut */
#define PP_ENDPOINT_SGES  32u  /* most scatter/gather elements of one, if the device has as many */

struct pp_fabric;   /* thread-safe */
struct pp_fmr;      /* a memory region */
struct pp_endpoint; /* used by one thread at a time */

/**
 * pp_fabric_open - the device that owns @address
 *
 * librdmacm keeps the verbs device open until the process ends, also after pp_fabric_close(): open
 * a fabric in a child, and remember that a child forked later inherits the file (its pins outlive
 * the owner).
 */
int pp_fabric_open(struct in_addr address, struct pp_fabric **out, struct pp_err *err);
/** pp_fabric_close - NULL is fine; endpoints are closed before; deregisters nothing. */
void pp_fabric_close(struct pp_fabric *f);

/**
 * pp_fabric_reg - ibv_reg_mr() of [addr, addr+length) with PP_ACCESS_* bits
 *
 * Returns exactly the kernel's -errno. The call goes to the kernel even for access masks that a
 * library would refuse (ON_DEMAND).
 */
int pp_fabric_reg(struct pp_fabric *f, void *addr, size_t length_bytes, unsigned access,
		  struct pp_fmr **out, struct pp_err *err);
int pp_fabric_dereg(struct pp_fmr *mr, struct pp_err *err);

/** pp_fabric_odp - nonzero if the device offers on-demand paging (ibv_query_device_ex). */
int pp_fabric_odp(struct pp_fabric *f);
/** pp_fabric_max_sges - scatter/gather elements that one work request may have. */
unsigned pp_fabric_max_sges(const struct pp_fabric *f);
/** pp_fabric_max_message_bytes - the port's largest message: longer transfers are split. */
size_t pp_fabric_max_message_bytes(const struct pp_fabric *f);

/**
 * pp_endpoint_open - connect to ourselves
 * @stage_bytes: what a transfer can send or fetch at most
 *
 * The stage is page aligned, zeroed, and shared with children, so that a fork copies none of it.
 * @bound_ms bounds all waits.
 */
int pp_endpoint_open(struct pp_fabric *f, size_t stage_bytes, uint32_t bound_ms,
		     struct pp_endpoint **out, struct pp_err *err);
void pp_endpoint_close(struct pp_endpoint *ep); /* NULL is fine */

void *pp_endpoint_stage(struct pp_endpoint *ep);
size_t pp_endpoint_stage_bytes(const struct pp_endpoint *ep);
unsigned pp_endpoint_path_mtu_bytes(const struct pp_endpoint *ep);

enum pp_transfer_kind {
	PP_TRANSFER_WRITE,     /* RDMA WRITE, stage to MR */
	PP_TRANSFER_WRITE_IMM, /* the same WITH_IMM; the responder's completion is awaited too */
	PP_TRANSFER_SEND,  /* SEND of the stage into RECVs over the MR, at our responder's side */
	PP_TRANSFER_FETCH, /* RDMA READ of the stage; the response lands in the MR */
	PP_TRANSFER_READ,  /* RDMA READ, MR to stage */
	PP_TRANSFER_ADD,   /* fetch-and-add of @operand to 8 bytes of the MR */
	PP_TRANSFER_SWAP,  /* compare-and-swap: @operand where @compare was */
	PP_TRANSFER_COUNT
};

/* A stretch of an MR. */
struct pp_far {
	struct pp_fmr *mr;
	uint64_t offset_bytes; /* in the MR */
	size_t length_bytes;
};

struct pp_transfer {
	enum pp_transfer_kind kind;
	/* The MR side: stretches behind one another, from one MR into the next. */
	const struct pp_far *far;
	size_t n_far;
	size_t stage_offset_bytes; /* not for atomics */
	/* One work request moves at most split_bytes (0: all, up to the largest message and the end
	 * of a stretch); depth of them are in flight (0: 1). */
	size_t split_bytes;
	unsigned depth;
	/* Each gathers from, or scatters to, so many places (0: 1): of the stage, every second
	 * one beyond the stage proper; for SEND and FETCH also of the MRs. */
	unsigned sges;
	uint64_t operand, compare; /* atomics, host byte order */
	uint64_t *old;             /* atomics: what was there before, may be NULL */
	uint32_t bound_ms;
};

/**
 * pp_endpoint_run - carry out a transfer and wait until all of it has completed
 *
 * "Completed" is the requester's completion, and the responder's where it gets one. Returns 0; -EIO
 * with the completion status by name, -ETIMEDOUT after the bound, -EINTR if a signal came while
 * asleep. After any failure the pair is torn down at once, so that no byte of a late request
 * arrives later; the next call brings it up again.
 */
int pp_endpoint_run(struct pp_endpoint *ep, const struct pp_transfer *t, struct pp_err *err);

#endif
