/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults in what forks: children, programs, the keeper, the second process, probes. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/plan.h"
#include "core/words.h"
#include "drive.h"
#include "fakes.h"
#include "sys/child.h"
#include "sys/command.h"
#include "sys/hazard.h"
#include "sys/keeper.h"
#include "sys/link.h"
#include "sys/owner.h"
#include "sys/peer.h"
#include "sys/probe.h"
#include "sys/stacks.h"
#include "world.h"

pid_t __real_waitpid(pid_t pid, int *status, int options);

static int run_child(const struct driver *d, struct pp_err *err)
{
	static const char data[4096] = "x";
	struct pp_child c;
	int fds[2], rc;

	(void)d;
	if (__real_pipe2(fds, O_CLOEXEC))
		abort();
	rc = pp_child_start(&c, fds[1], data, sizeof(data), err);
	if (!rc) {
		rc = pp_child_end(&c, 0, err);
		while (rc == -EINTR && pp_child_end(&c, 1, NULL) == -EINTR)
			;
	}
	__real_close(fds[0]);
	__real_close(fds[1]);
	return rc;
}

static int run_command(const struct driver *d, struct pp_err *err)
{
	const char *const argv[] = { "modprobe", "anything", NULL };
	char said[64];

	(void)d;
	return pp_command(argv, BOUND_MS, said, sizeof(said), err);
}

static int run_keeper(const struct driver *d, struct pp_err *err)
{
	struct pp_keeper k = { 0 };
	int number, rc = pp_keeper_start(&k, err);

	(void)d;
	if (rc)
		return rc;
	number = pp_keeper_owe(&k, PP_DEBT_THAW, world.dir, "", err);
	if (number >= 0)
		number = pp_keeper_owe(&k, PP_DEBT_WRITE, "/proc/sys/vm/drop_caches", "1", err);
	if (number >= 0)
		number = pp_keeper_owe(&k, PP_DEBT_RMDIR, "/sys/nothing", "", err);
	if (number >= 0)
		number = pp_keeper_paid(&k, number, err);
	pp_keeper_stop(&k);
	return number < 0 ? number : 0;
}

static int run_peer(const struct driver *d, struct pp_err *err)
{
	char to[64];
	int fd = __real_memfd_create("peer", MFD_CLOEXEC), rc;
	struct pp_peer_range r = { .key = 1, .fd = fd, .map_bytes = 4096, .length_bytes = 64 };
	struct pp_peer p;

	(void)d;
	if (fd < 0 || __real_ftruncate(fd, 4096))
		abort();
	rc = pp_peer_start(&p, 4096, err);
	if (!rc)
		rc = pp_peer_load(&p, &r, to, err);
	if (!rc)
		rc = pp_peer_forget(&p, 1, err);
	pp_peer_stop(&p);
	__real_close(fd);
	return rc;
}

static int run_peer_link(const struct driver *d, struct pp_err *err)
{
	int fd = __real_memfd_create("peer", MFD_CLOEXEC), rc;
	struct pp_peer_range r = { .key = 1, .fd = fd, .map_bytes = 4096, .length_bytes = 64 };
	struct pp_peer p;

	(void)d;
	if (fd < 0 || __real_ftruncate(fd, 4096))
		abort();
	rc = pp_peer_start(&p, 4096, err);
	if (!rc)
		rc = pp_peer_link_delete(&p, &r, BOUND_MS, err);
	pp_peer_stop(&p);
	/* What could not be removed the keeper owes: PP_DEBT_LINKS. */
	if (strstr(err->text, "cannot remove"))
		(void)pp_link_sweep(NULL);
	__real_close(fd);
	return rc;
}

static struct pp_plan *owner_plan(void)
{
	static const char text[] =
		"pinproof-plan 1\ncase faults/memfd/uring-fixed\nbacking memfd\n"
		"pinner uring-fixed\nrules O7\nbound 10s\n"
		"region data backing=memfd size=16K\nmr u0 region=data kind=uring\n"
		"actor main\nop 1 main own-start\n";
	static struct pp_plan *plan;

	if (!plan && pp_plan_parse(text, strlen(text), &plan, NULL))
		abort();
	return plan;
}

/* A whole life: it registers, has an heir, and both end. */
static int live(struct pp_owner *o, int fd, struct pp_err *err)
{
	int rc = pp_owner_start(o, &(struct pp_owner_limits){ 0 }, err);

	if (!rc)
		rc = pp_owner_reg(o, 0, fd, "", err);
	if (!rc)
		rc = pp_owner_dereg(o, 0, err);
	if (!rc)
		rc = pp_owner_reg(o, 0, fd, "", err);
	if (!rc)
		rc = pp_owner_fork(o, err);
	if (!rc)
		rc = pp_owner_unmap(o, 0, 4096, 4096, fd, "", err);
	if (!rc)
		rc = pp_owner_end(o, PP_OWNER_EXIT, err);
	return rc ? rc : pp_owner_heir_end(o, err);
}

static int run_owner(const struct driver *d, struct pp_err *err)
{
	int fd = __real_memfd_create("owner", MFD_CLOEXEC), rc;
	struct pp_owner o;

	(void)d;
	if (fd < 0 || __real_ftruncate(fd, 16384))
		abort();
	rc = pp_owner_open(&o, owner_plan(), NULL, err);
	if (!rc) {
		rc = live(&o, fd, err);
		pp_owner_close(&o);
	}
	__real_close(fd);
	return rc;
}

/* A process that only waits, in a group of its own. */
static pid_t sleeper(void)
{
	pid_t pid = __real_fork();

	if (pid < 0)
		abort();
	if (!pid) {
		setpgid(0, 0);
		for (;;)
			pause();
	}
	setpgid(pid, pid);
	return pid;
}

static int run_stacks(const struct driver *d, struct pp_err *err)
{
	int fd = __real_memfd_create("stacks", MFD_CLOEXEC), rc;
	char path[128], where[256];

	(void)d;
	if (fd < 0)
		abort();
	world.only = sleeper();
	snprintf(path, sizeof(path), "%s/list/%d", world.dir, (int)world.only);
	world_file("/../list/.keep", "");
	if (__real_mkdir(path, 0700))
		abort();
	(void)pp_stacks_where(world.only, world.only, where, sizeof(where));
	rc = where[0] ? pp_stacks_write(fd, world.only, err)
		      : pp_err_set(err, -EBADE, "nothing is said of where a thread waits.");
	if (!rc)
		rc = pp_stacks_blocked(err);
	kill(world.only, SIGKILL);
	while (__real_waitpid(world.only, NULL, 0) < 0 && errno == EINTR)
		;
	(void)__real_rmdir(path);
	world.only = 0;
	__real_close(fd);
	return rc;
}

/* Each fact is there or not, with a sentence: no fault is an error of the whole. */
static int run_probes(const struct driver *d, struct pp_err *err)
{
	struct pp_slots slots = { .items = { { .name = "disk0", .dev = "/dev/vda" },
					     { .name = "disk1", .dev = "/dev/vdb" } },
				  .count = 2 };
	struct pp_link link = { .netdev = "pp0d", .ibdev = "pp0r", .made_ibdev = 1 };
	struct pp_probe_env env = { .slots = &slots, .link = &link, .guest = 1 };
	struct pp_facts *f = __real_calloc(1, sizeof(*f));
	int rc = 0;

	(void)d;
	if (!f)
		abort();
	pp_probe_all(f, &env);
	for (size_t i = 0; i < pp_n_probes; i++) {
		const struct pp_fact *fact = pp_facts_find(f, pp_probes[i].name);

		if (!fact || strlen(fact->why) < 12)
			rc = pp_err_set(err, -EBADE, "fact %s has no sentence: \"%s\"",
					pp_probes[i].name, fact ? fact->why : "");
	}
	__real_free(f);
	return rc;
}

const struct driver drive_processes[] = {
	/* clang-format off */
	{ "pp_child_*", run_child, .children = true, .mapped = {} },
	{ "pp_command", run_command, .mapped = {
		{ CALL_stat, NULL, -ENOENT, "the next directory of the PATH is searched" },
		{ CALL_access, NULL, -ENOENT, "the next directory of the PATH is searched" } } },
	{ "pp_keeper_*", run_keeper, .children = true, .mapped = { { CALL_waitpid, NULL, GOES_ON, "its end need not be heard" } } },
	{ "pp_peer_load", run_peer, .children = true, .mapped = { { CALL_waitpid, NULL, GOES_ON, "its end need not be heard" } } },
	{ "pp_peer_link_delete", run_peer_link, .children = true, .mapped = { { CALL_waitpid, NULL, GOES_ON, "its end need not be heard" } } },
	{ "pp_owner_*", run_owner, .children = true, .mapped = {
		{ CALL_waitpid, NULL, GOES_ON, "the end of the nursery need not be heard" } } },
	{ "pp_stacks_*", run_stacks, .mapped = {
		{ CALL_open, "sysrq", MAY_GO_ON, "the kernel says so" },
		{ CALL_access, "lockdep", GOES_ON, "held locks are only asked for where there are some" },
		{ CALL_opendir, "task", GOES_ON, "a process that is gone has no threads" },
		{ CALL_readdir, NULL, SAYS_SO, "no process of that group" },
		{ CALL_open, "/stat", SAYS_SO, "what is not told of a thread is left out" },
		{ CALL_read, "/stat", SAYS_SO, "what is not told of a thread is left out" },
		{ CALL_open, "/proc/", GOES_ON, "what is not told of a thread is left out, and said" },
		{ CALL_read, "/proc/", GOES_ON, "what is not told of a thread is left out, and said" } } },
	{ "pp_probe_all", run_probes, .children = true, .mapped = { { ANY_CALL, NULL, GOES_ON, "the fact is a no, with its sentence" } } },
	/* clang-format on */
};
const size_t n_drive_processes = PP_ARRAY_LEN(drive_processes);
