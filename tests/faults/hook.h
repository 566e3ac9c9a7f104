/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fault hook: every call of src/sys into a library goes through here, is counted, and the n-th
 * is made to fail. What calls make and take away is counted too, and so are the places that call.
 */
#ifndef PP_TESTS_FAULTS_HOOK_H
#define PP_TESTS_FAULTS_HOOK_H

#include <blkid/blkid.h>
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <infiniband/verbs.h>
#include <kbuffer.h>
#include <libdevmapper.h>
#include <liburing.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <poll.h>
#include <pthread.h>
#include <rdma/rdma_cma.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>
#include <tracefs.h>

/* They are macros around functions of the same name, and the functions are meant. */
#undef ibv_query_port
#undef ibv_reg_mr

/* What calls make: a count for each kind, and for mappings their bytes. */
enum object {
	NOTHING,
	MEMORY,
	MAPPED_BYTES,
	FILES,
	DIRS,
	NODES,
	MOUNTS,
	FROZEN,
	SPAWNS,
	ADDRESSES,
	NETLINK,
	RDMA,
	RINGS,
	GATES,
	PROBES,
	OBJECTS
};
extern const char *const object_names[OBJECTS];

/* One number for each function of the table. */
enum call {
#define CALL(how, type, name, params, args, to, fails, with, object)  CALL_##name,
#define AFTER(how, type, name, params, args, to, fails, with, object) CALL_##name,
#define RELEASE(name, params, args, to, object)
#define FAKED(type, name, params, args)
#define HAND(name) CALL_##name,
#define KEPT(name)
#define INLINE(name) CALL_##name,
#define CANNOT_FAIL(...)
#include "calls.h"
#undef CALL
#undef AFTER
#undef RELEASE
#undef FAKED
#undef HAND
#undef KEPT
#undef INLINE
	CALLS
};
extern const char *const call_names[CALLS];
extern const bool call_releases[CALLS];

/* Whose calls count. */
enum whose { OURS, CHILDRENS };

/* The fault that happened. */
struct fault {
	bool happened;
	enum call call;
	int code;         /* positive errno that it said */
	char detail[128]; /* the path or program; "" if the call has none */
};

/** hook_begin - from now on count, and let the @n-th call of @call fail, with the errno of the
 * table or with @code. CALLS: none fails. */
void hook_begin(enum whose whose, enum call call, unsigned n, int code);
/** hook_made - how often @call was made since hook_begin(), by those whose calls count. */
unsigned hook_made(enum call call);
/** hook_end - stop counting; the fault, and what is left of each kind in @left. */
struct fault hook_end(long left[OBJECTS]);
/** hook_interruptible - may this call be interrupted by a signal? */
bool hook_interruptible(enum call call);

/* What a call is about: a path, or an open file. */
struct about {
	const char *path;
	int fd;
};

/** hook_hit - count a call; if it is the one to fail return its errno, else 0. @says: by errno. */
int hook_hit(enum call call, int code, const void *site, struct about about, bool says);
void hook_count(enum object object, long change);

/** hook_tally - times that a call was reached and failed, over the whole run. */
void hook_tally(enum call call, unsigned *reached, unsigned *failed);
/** hook_sites - print "NAME ADDRESS" of each place that was made to fail. */
void hook_sites(FILE *to);
void hook_init(void);

/* The world outside, where it is not the real one: fake_*.c. */
#define CALL(how, type, name, params, args, to, fails, with, object)                               \
	type __wrap_##name params;                                                                 \
	type __real_##name params;                                                                 \
	type fake_##name params;
#define AFTER CALL
#define RELEASE(name, params, args, to, object)                                                    \
	void __wrap_##name params;                                                                 \
	void __real_##name params;                                                                 \
	void fake_##name params;
#define FAKED(type, name, params, args)                                                            \
	type __wrap_##name params;                                                                 \
	type fake_##name params;
#define HAND(name)
#define KEPT(name)
#define INLINE(name)
#include "calls.h"
#undef CALL
#undef AFTER
#undef RELEASE
#undef FAKED
#undef HAND
#undef KEPT
#undef INLINE
#undef CANNOT_FAIL

#endif
