/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts calls and lets one fail; the wrappers that need no code of their own. See hook.h. */
#include "hook.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SITES 1024 /* places that call, a power of 2 */

const char *const object_names[OBJECTS] = {
	[NOTHING] = "nothing",
	[MEMORY] = "pieces of memory",
	[MAPPED_BYTES] = "mapped bytes",
	[FILES] = "streams",
	[DIRS] = "directory streams",
	[NODES] = "directories",
	[MOUNTS] = "mounts",
	[FROZEN] = "frozen filesystems",
	[SPAWNS] = "spawn attributes",
	[ADDRESSES] = "lists of addresses",
	[NETLINK] = "objects of libnl",
	[RDMA] = "objects of libibverbs and librdmacm",
	[RINGS] = "rings and what is registered with them",
	[GATES] = "objects of device-mapper and trace instances",
	[PROBES] = "probes of libblkid",
};

const char *const call_names[CALLS] = {
#define CALL(how, type, name, params, args, to, fails, with, object)  #name,
#define AFTER(how, type, name, params, args, to, fails, with, object) #name,
#define RELEASE(name, params, args, to, object)
#define FAKED(type, name, params, args)
#define HAND(name) #name,
#define KEPT(name)
#define INLINE(name) #name,
#define CANNOT_FAIL(...)
#include "calls.h"
#undef CALL
#undef AFTER
#undef RELEASE
#undef FAKED
#undef HAND
#undef KEPT
#undef INLINE
};

/* What releases something has released it, whatever it says. */
const bool call_releases[CALLS] = {
#define CALL(how, type, name, params, args, to, fails, with, object)
#define AFTER(how, type, name, params, args, to, fails, with, object) [CALL_##name] = true,
#define RELEASE(name, params, args, to, object)
#define FAKED(type, name, params, args)
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
	[CALL_munmap] = true,
};

/* Shared with the children that the operations fork: their calls count too. */
struct shared {
	pid_t parent;
	enum whose whose;
	atomic_bool on;
	atomic_uint made[CALLS];
	enum call call;
	unsigned n;
	int code;
	struct fault fault;
	atomic_long left[OBJECTS];
	atomic_uint reached[CALLS], failed[CALLS];
	struct {
		atomic_uintptr_t at;
		unsigned call;
	} sites[SITES];
};
static struct shared *shared;

void hook_init(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		abort();
	shared->parent = getpid();
}

void hook_begin(enum whose whose, enum call call, unsigned n, int code)
{
	shared->whose = whose;
	shared->call = call;
	shared->n = n;
	shared->code = code;
	memset(&shared->fault, 0, sizeof(shared->fault));
	for (int i = 0; i < CALLS; i++)
		shared->made[i] = 0;
	for (int i = 0; i < OBJECTS; i++)
		shared->left[i] = 0;
	shared->on = true;
}

unsigned hook_made(enum call call)
{
	return shared->made[call];
}

struct fault hook_end(long left[OBJECTS])
{
	shared->on = false;
	for (int i = 0; i < OBJECTS; i++)
		left[i] = shared->left[i];
	return shared->fault;
}

static bool mine(void)
{
	return getpid() == shared->parent;
}

static void remember(enum call call, uintptr_t at)
{
	size_t i = (at >> 2) % SITES;

	for (size_t n = 0; n < SITES; n++, i = (i + 1) % SITES) {
		uintptr_t none = 0;

		if (atomic_compare_exchange_strong(&shared->sites[i].at, &none, at))
			shared->sites[i].call = call;
		if (shared->sites[i].at == at)
			return;
	}
}

bool hook_interruptible(enum call call)
{
	switch (call) {
	case CALL_read:
	case CALL_pread:
	case CALL_vmsplice:
	case CALL_recv:
	case CALL_recvmsg:
	case CALL_poll:
	case CALL_waitpid:
	case CALL_umount2:
	case CALL_io_uring_submit:
	case CALL_io_uring_wait_cqe_timeout:
		return true;
	default:
		return false;
	}
}

static void describe(struct about about, char *out, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(out, size, "%s", about.path ? about.path : "");
	if (about.path || about.fd < 0)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", about.fd);
	n = __real_readlink(link, out, size - 1);
	out[n < 0 ? 0 : n] = '\0';
}

int hook_hit(enum call call, int code, const void *site, struct about about, bool says)
{
	if (!shared || !shared->on || mine() != (shared->whose == OURS))
		return 0;
	shared->reached[call]++;
	if (atomic_fetch_add(&shared->made[call], 1) + 1 != shared->n || call != shared->call)
		return 0;
	if (shared->code)
		code = shared->code;
	shared->failed[call]++;
	remember(call, (uintptr_t)site);
	shared->fault.call = call;
	shared->fault.code = code;
	describe(about, shared->fault.detail, sizeof(shared->fault.detail));
	shared->fault.happened = true;
	if (says)
		errno = code;
	return code;
}

void hook_count(enum object object, long change)
{
	if (shared && shared->on && mine())
		shared->left[object] += change;
}

void hook_tally(enum call call, unsigned *reached, unsigned *failed)
{
	*reached = shared->reached[call];
	*failed = shared->failed[call];
}

extern const char __executable_start[];

void hook_sites(FILE *to)
{
	for (size_t i = 0; i < SITES; i++)
		if (shared->sites[i].at)
			fprintf(to, "%s %#lx\n", call_names[shared->sites[i].call],
				(unsigned long)(shared->sites[i].at -
						(uintptr_t)__executable_start));
}

/* What the first argument says about the call, if it is a path or a file. */
static struct about path_is(int unused, const char *path)
{
	(void)unused;
	return (struct about){ path, -1 };
}

static struct about file_is(int unused, int fd)
{
	(void)unused;
	return (struct about){ NULL, fd };
}

static struct about nothing_is(int unused, ...)
{
	(void)unused;
	return (struct about){ NULL, -1 };
}

#define SECOND(a, b, ...)                                                                          \
	_Generic((b), const char *: path_is, char *: path_is, int: file_is, default: nothing_is)(0, b)
#define about_of(...) SECOND(0, ##__VA_ARGS__, NULL)

#define says        true
#define code        false
#define real_(name) __real_##name
#define fake_(name) fake_##name

/* +OBJECT is made by a success, -OBJECT taken away by one. */
static void counted(int object)
{
	if (object)
		hook_count((enum object)(object < 0 ? -object : object), object < 0 ? -1 : 1);
}

#define CALL(how, type, name, params, args, to, fails, with, object)                               \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		int failed = hook_hit(CALL_##name, with, __builtin_return_address(0),              \
				      about_of args, how);                                         \
		type result;                                                                       \
                                                                                                   \
		if (failed)                                                                        \
			return fails;                                                              \
		result = to##_(name) args;                                                         \
		failed = with;                                                                     \
		if (result != (type)(fails))                                                       \
			counted(object);                                                           \
		return result;                                                                     \
	}
#define AFTER(how, type, name, params, args, to, fails, with, object)                              \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		type result = to##_(name) args;                                                    \
		int failed;                                                                        \
                                                                                                   \
		counted(object);                                                                   \
		failed = hook_hit(CALL_##name, with, __builtin_return_address(0), nothing_is(0),   \
				  how);                                                            \
		return failed ? (type)(fails) : result;                                            \
	}
#define RELEASE(name, params, args, to, object)                                                    \
	void __wrap_##name params                                                                  \
	{                                                                                          \
		to##_(name) args;                                                                  \
		counted(object);                                                                   \
	}
#define FAKED(type, name, params, args)                                                            \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		return fake_##name args;                                                           \
	}
#define HAND(name)
#define KEPT(name)
#define INLINE(name)
#define CANNOT_FAIL(...)
#include "calls.h"
