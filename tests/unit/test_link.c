/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The soft-RoCE link. Anywhere: a failure names what is missing and leaves
 * nothing behind. In a throw-away guest (PINPROOF_TEST_GUEST=1): the real thing.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/fabric.h"
#include "sys/link.h"

static bool in_guest(void)
{
	const char *value = getenv("PINPROOF_TEST_GUEST");

	return value && !strcmp(value, "1");
}

static bool exists(const char *ibdev)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/class/infiniband/%s", ibdev);
	return !access(path, F_OK);
}

static bool nothing_left(const struct pp_link *link)
{
	return !if_nametoindex(link->netdev) && !exists(link->ibdev);
}

static void make_or_say_why(void)
{
	static const int known[] = { -ENODEV, -EPERM, -EACCES };
	struct pp_link link;
	struct pp_err err = { "" };
	bool is_known = false;
	int ret = pp_link_make(&link, &err);

	if (!ret) {
		CU_ASSERT_TRUE(exists(link.ibdev));
		CU_ASSERT_EQUAL(pp_link_remove(&link, &err), 0);
	} else {
		CU_ASSERT_FALSE(in_guest());
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			is_known |= ret == known[i];
		CU_ASSERT_TRUE(is_known);
		CU_ASSERT_PTR_NOT_NULL(
			strstr(err.text, ret == -ENODEV ? "module" : "CAP_NET_ADMIN"));
	}
	CU_ASSERT_FALSE(link.made_netdev);
	CU_ASSERT_FALSE(link.made_ibdev);
	CU_ASSERT_TRUE(nothing_left(&link));
	CU_ASSERT_EQUAL(pp_link_remove(&link, &err), 0);
}

static void life_of_a_link(void)
{
	struct pp_link link, second;
	struct pp_err err = { "" };
	uint64_t start = pp_now_ns();
	int ret = pp_link_make(&link, &err);

	PP_ASSERT_STR(err.text, "");
	CU_ASSERT_EQUAL_FATAL(ret, 0);
	printf("link made in %u ms\n", (unsigned)((pp_now_ns() - start) / 1000000));
	CU_ASSERT_EQUAL(ntohl(link.address.s_addr) >> 17, 0xc6120000u >> 17);
	CU_ASSERT_TRUE(exists(link.ibdev));
	CU_ASSERT_NOT_EQUAL(if_nametoindex(link.netdev), 0);
	/* Our own live link is neither made twice nor swept. */
	CU_ASSERT_EQUAL(pp_link_make(&second, &err), -EEXIST);
	CU_ASSERT_EQUAL(pp_link_sweep(&err), 0);
	CU_ASSERT_TRUE(exists(link.ibdev));
	start = pp_now_ns();
	CU_ASSERT_EQUAL(pp_link_remove(&link, &err), 0);
	printf("link removed in %u ms\n", (unsigned)((pp_now_ns() - start) / 1000000));
	CU_ASSERT_TRUE(nothing_left(&link));
	CU_ASSERT_EQUAL(pp_link_remove(&link, &err), 0);
}

static void sweep_takes_dead_ones(void)
{
	struct pp_link link;
	struct pp_err err = { "" };
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(pp_link_make(&link, NULL) ? 1 : 0);
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL_FATAL(status, 0);
	snprintf(link.netdev, sizeof(link.netdev), "pp%dd", (int)pid);
	snprintf(link.ibdev, sizeof(link.ibdev), "pp%dr", (int)pid);
	CU_ASSERT_FALSE(nothing_left(&link));
	CU_ASSERT_EQUAL(pp_link_sweep(&err), 1);
	CU_ASSERT_TRUE(nothing_left(&link));
	CU_ASSERT_EQUAL(pp_link_sweep(&err), 0);
}

/* A process that has the device open makes remove wait, then refuse; never hang. */
static void busy_link_stays(void)
{
	struct pp_link link;
	struct pp_err err = { "" };
	struct pp_fabric *f;
	int ready[2], go[2], status;
	char pid_text[32], c;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pp_link_make(&link, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pipe(ready) | pipe(go), 0);
	pid = fork();
	if (!pid) {
		close(go[1]);
		if (pp_fabric_open(link.address, &f, NULL) || write(ready[1], "", 1) != 1)
			_exit(1);
		_exit(read(go[0], &c, 1) ? 1 : 0);
	}
	close(ready[1]);
	CU_ASSERT_EQUAL(read(ready[0], &c, 1), 1);
	CU_ASSERT_EQUAL(pp_link_remove(&link, &err), -EBUSY);
	snprintf(pid_text, sizeof(pid_text), "process %d ", (int)pid);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, pid_text));
	CU_ASSERT_TRUE(exists(link.ibdev));
	close(go[1]);
	CU_ASSERT_EQUAL(pp_link_remove(&link, &err), 0);
	CU_ASSERT_TRUE(nothing_left(&link));
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	close(ready[0]);
	close(go[0]);
}

/* The file of a dead process, inherited by its child, has no pid any more: it must count all the
 * same. */
static void inherited_file_counts(void)
{
	struct pp_link link;
	struct pp_err err = { "" };
	struct pp_fabric *f;
	int go[2], status;
	pid_t pid;
	char c;

	CU_ASSERT_EQUAL_FATAL(pp_link_make(&link, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pipe(go), 0);
	pid = fork();
	if (!pid) {
		close(go[1]);
		if (pp_fabric_open(link.address, &f, NULL))
			_exit(1);
		if (!fork())
			_exit(read(go[0], &c, 1) ? 1 : 0);
		_exit(0);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_EQUAL(pp_link_remove(&link, &err), -EBUSY);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "process 0 "));
	close(go[1]);
	CU_ASSERT_EQUAL(pp_link_remove(&link, &err), 0);
	CU_ASSERT_TRUE(nothing_left(&link));
	close(go[0]);
}

/* A name that does not exist is refused with what there is; nothing is made for it. */
static void existing_by_name(void)
{
	static const char *const none[] = { "no-such-device", "../net", ".", "..", "" };
	struct pp_link link;
	struct pp_err err;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		err.text[0] = '\0';
		CU_ASSERT_EQUAL(pp_link_existing(none[i], &link, &err), -ENODEV);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "there is no RDMA device '"));
		CU_ASSERT_TRUE(strstr(err.text, "there are ") ||
			       strstr(err.text, "this machine has none"));
	}
}

/* A device that somebody made is used, named among what exists, and left as it is. */
static void existing_is_used(void)
{
	struct pp_link made, used;
	struct pp_err err = { "" };

	CU_ASSERT_EQUAL_FATAL(pp_link_make(&made, &err), 0);
	CU_ASSERT_EQUAL(pp_link_existing("no-such-device", &used, &err), -ENODEV);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, made.ibdev));
	CU_ASSERT_EQUAL(pp_link_existing(made.ibdev, &used, &err), 0);
	PP_ASSERT_STR(used.ibdev, made.ibdev);
	PP_ASSERT_STR(used.netdev, made.netdev);
	CU_ASSERT_EQUAL(used.address.s_addr, made.address.s_addr);
	CU_ASSERT_FALSE(used.made_ibdev || used.made_netdev);
	CU_ASSERT_EQUAL(pp_link_remove(&used, &err), 0);
	CU_ASSERT_TRUE(exists(made.ibdev));
	CU_ASSERT_EQUAL(pp_link_remove(&made, &err), 0);
	CU_ASSERT_TRUE(nothing_left(&made));
}

static const struct pp_unit_case anywhere[] = {
	{ "make, or say why", make_or_say_why },
	{ "an existing device by name", existing_by_name },
};

static const struct pp_unit_case guest[] = {
	{ "make, or say why", make_or_say_why },
	{ "an existing device by name", existing_by_name },
	{ "life of a link", life_of_a_link },
	{ "sweep takes dead ones", sweep_takes_dead_ones },
	{ "a busy link stays", busy_link_stays },
	{ "an inherited file counts", inherited_file_counts },
	{ "an existing device is used and left", existing_is_used },
};

int main(void)
{
	if (in_guest())
		return pp_unit_main("link", guest, sizeof(guest) / sizeof(guest[0]));
	return pp_unit_main("link", anywhere, sizeof(anywhere) / sizeof(anywhere[0]));
}
