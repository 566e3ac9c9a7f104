/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults in what forks: children, programs, the keeper, the second process, probes. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/words.h"
#include "drive.h"
#include "fakes.h"
#include "sys/child.h"
#include "sys/command.h"
#include "sys/hazard.h"
#include "sys/keeper.h"
#include "sys/link.h"
#include "sys/peer.h"
#include "sys/probe.h"
#include "world.h"

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
	{ "pp_probe_all", run_probes, .children = true, .mapped = { { ANY_CALL, NULL, GOES_ON, "the fact is a no, with its sentence" } } },
	/* clang-format on */
};
const size_t n_drive_processes = PP_ARRAY_LEN(drive_processes);
