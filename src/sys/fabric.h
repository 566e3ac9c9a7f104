/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fabric of one process: a verbs device, one PD and CQ, and a reliable
 * connected queue pair to itself, set up through librdmacm. All of libibverbs'
 * error conventions end here: functions return 0 or -errno.
 */
#ifndef PP_SYS_FABRIC_H
#define PP_SYS_FABRIC_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct pp_fabric; /* used by one thread at a time */
struct pp_fmr;    /* a memory region */

/**
 * pp_fabric_open - connect to ourselves over the device that owns @address
 * @stage_bytes: size of the registered staging buffer from which device writes are sent and into
 *which RDMA READ observations arrive
 *
 * Path MTU is what the port's active MTU gives. Every wait is bounded by @bound_ms in all.
 *librdmacm keeps the verbs device open until the process ends, also after pp_fabric_close(): open a
 *fabric in a child, and fork no further child after it (it would inherit the file, and pins would
 *outlive their owner).
 */
int pp_fabric_open(struct in_addr address, size_t stage_bytes, uint32_t bound_ms,
		   struct pp_fabric **out, struct pp_err *err);
void pp_fabric_close(struct pp_fabric *f); /* NULL is fine; deregisters nothing but its own */

void *pp_fabric_stage(struct pp_fabric *f);
size_t pp_fabric_stage_bytes(const struct pp_fabric *f);
unsigned pp_fabric_path_mtu_bytes(const struct pp_fabric *f);

/**
 * pp_fabric_reg - ibv_reg_mr() of [addr, addr+length) with PP_ACCESS_* bits
 *
 * Returns exactly the kernel's -errno. The call goes to the kernel even for access masks that a
 * library would refuse (ON_DEMAND).
 */
int pp_fabric_reg(struct pp_fabric *f, void *addr, size_t length_bytes, unsigned access,
		  struct pp_fmr **out, struct pp_err *err);
int pp_fabric_dereg(struct pp_fmr *mr, struct pp_err *err);

/**
 * pp_fabric_write - one signalled RDMA WRITE of stage[stage_offset, +length) to @mr at @offset, and
 * wait for it
 *
 * Returns 0 once the requester's completion is there; -EIO with the completion status by name;
 * -ETIMEDOUT. A QP that went to error is brought up again by the next call.
 */
int pp_fabric_write(struct pp_fabric *f, struct pp_fmr *mr, uint64_t offset_bytes,
		    size_t stage_offset_bytes, size_t length_bytes, uint32_t bound_ms,
		    struct pp_err *err);
/** pp_fabric_read - RDMA READ of @mr into the stage; as pp_fabric_write(). */
int pp_fabric_read(struct pp_fabric *f, struct pp_fmr *mr, uint64_t offset_bytes,
		   size_t stage_offset_bytes, size_t length_bytes, uint32_t bound_ms,
		   struct pp_err *err);

/** pp_fabric_odp - nonzero if the device offers on-demand paging (ibv_query_device_ex). */
int pp_fabric_odp(struct pp_fabric *f);

#endif
