/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short pins: the ways by which bytes reach or leave a mapping through pinned
 * pages without RDMA: io_uring (O_DIRECT, registered buffers), process_vm_*,
 * vmsplice. And guarded CPU access that survives SIGBUS.
 */
#ifndef PP_SYS_PINIO_H
#define PP_SYS_PINIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define PP_PINIO_DEPTH 64u /* most requests in flight at once; depth= beyond is cut */

struct pp_pinio; /* one worker's io_uring; not thread-safe */

int pp_pinio_open(struct pp_pinio **out, struct pp_err *err);
void pp_pinio_close(struct pp_pinio *p);

/* One transfer between memory and a file or device. The memory itself is source or destination. */
struct pp_io {
	int fd;
	bool write; /* from the memory to the file */
	bool fixed; /* READ_FIXED, WRITE_FIXED: the memory lies in the registered buffer */
	bool front; /* what was moved behind a gap does not matter: an observation in pieces while
		       the file's end moves */
	void *mem;
	size_t length_bytes;
	uint64_t offset_bytes; /* in the file */
	size_t split_bytes;    /* one request moves so much at most; 0: all */
	unsigned depth;        /* requests in flight; 0 is 1 */
	unsigned mode;         /* PP_MODE_*: linked, fixed-file, sqpoll, async */
	uint32_t bound_ms;
};

/**
 * pp_pinio_run - carry out a transfer by io_uring and wait for all of it
 *
 * With an O_DIRECT @fd, offsets and lengths (also split_bytes) are multiples of its sector size. A
 * chain (linked) is as long as the depth. A fixed file is registered and unregistered by the call.
 *
 * Returns the bytes transferred: fewer than asked where the file ends, or where a later request was
 * refused and nothing behind it was moved. Otherwise -errno of the first request that failed (a
 * refusal by GUP is -EFAULT); -EOPNOTSUPP if SQPOLL cannot be had; -ETIMEDOUT after the bound and
 * -EINTR after a signal: then the requests were cancelled, and awaited for a bound more. Requests
 * that a held device does not let end even then stay behind: @mem may still change, and calls
 * return -EBUSY until they have ended.
 */
int64_t pp_pinio_run(struct pp_pinio *p, const struct pp_io *io, struct pp_err *err);

/**
 * pp_pinio_register - pin [addr, addr+length) as the ring's only registered buffer
 * @mode: PP_MODE_SQPOLL registers it with the ring that has a submitting thread; what uses the
 * buffer then goes through that ring
 *
 * Returns exactly the kernel's -errno (io_uring/rsrc.c:io_sqe_buffer_register()), -EEXIST if there
 * is one already.
 */
int pp_pinio_register(struct pp_pinio *p, void *addr, size_t length_bytes, unsigned mode,
		      struct pp_err *err);
/** pp_pinio_unregister - let go of it; returns when the kernel has. */
int pp_pinio_unregister(struct pp_pinio *p, struct pp_err *err);

/** pp_pinio_sqpoll - make sure that there is a ring with a submitting thread: 0, or -EOPNOTSUPP. It
 *  is also what a probe asks. */
int pp_pinio_sqpoll(struct pp_pinio *p, struct pp_err *err);

/** pp_pinio_reopen_direct - the open file @fd once more, O_DIRECT, read and write if @write, else
 *  to read: a new file descriptor, or -errno (-EINVAL: the filesystem has no O_DIRECT). */
int pp_pinio_reopen_direct(int fd, bool write, struct pp_err *err);

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

/** pp_guard_told - while @told, this thread goes on when SIGBUS tells it of bad memory
 *  (BUS_MCEERR_AO, BUS_MCEERR_AR): it is declaring some bad. Touches memory of nobody else. */
void pp_guard_told(bool told);

/** pp_guarded_copy - memcpy that returns -EFAULT instead of dying. Thread-safe; needs
 * pp_guard_install(). */
int pp_guarded_copy(void *to, const void *from, size_t length_bytes);

#endif
