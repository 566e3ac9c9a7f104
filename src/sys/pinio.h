/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short pins: the ways by which bytes reach or leave a mapping through pinned
 * pages without RDMA: O_DIRECT by io_uring, process_vm_*, vmsplice. And guarded
 * CPU access that survives SIGBUS.
 */
#ifndef PP_SYS_PINIO_H
#define PP_SYS_PINIO_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct pp_pinio; /* one worker's io_uring; not thread-safe */

int pp_pinio_open(struct pp_pinio **out, struct pp_err *err);
void pp_pinio_close(struct pp_pinio *p);

/**
 * pp_pinio_direct - one O_DIRECT transfer by io_uring between @mem and device @fd
 * @fd: opened O_DIRECT; @offset_bytes, @length_bytes: multiples of its sector size
 * @write: nonzero writes from @mem to the device, zero reads from the device into @mem
 * @bound_ms: then the request is cancelled, awaited as long again, and -ETIMEDOUT returned
 *
 * A request that a held device does not let end even then stays behind: @mem may still change, and
 * calls return -EBUSY until it has ended. Returns the bytes transferred or -errno of the operation
 * (a refusal by GUP is -EFAULT).
 */
int64_t pp_pinio_direct(struct pp_pinio *p, int fd, int write, void *mem, size_t length_bytes,
			uint64_t offset_bytes, uint32_t bound_ms, struct pp_err *err);

/** pp_pinio_vm_write / _vm_read - process_vm_writev/readv on our own process: @mem is the remote
 * side, whose pages the kernel pins (mm/process_vm_access.c). Returns bytes or -errno. */
int64_t pp_pinio_vm_write(void *mem, const void *from, size_t length_bytes, struct pp_err *err);
int64_t pp_pinio_vm_read(const void *mem, void *to, size_t length_bytes, struct pp_err *err);

/** pp_pinio_vmsplice - vmsplice @mem into a pipe piece by piece and drain each into @to. Returns
 * bytes (fewer than asked if a later piece was refused) or -errno if the first was. */
int64_t pp_pinio_vmsplice(const void *mem, void *to, size_t length_bytes, struct pp_err *err);

/** pp_guard_install - once per process: SIGBUS and SIGSEGV inside pp_guarded_copy() become -EFAULT
 * there; outside of it they kill as ever. */
int pp_guard_install(struct pp_err *err);

/** pp_guarded_copy - memcpy that returns -EFAULT instead of dying. Thread-safe; needs
 * pp_guard_install(). */
int pp_guarded_copy(void *to, const void *from, size_t length_bytes);

#endif
