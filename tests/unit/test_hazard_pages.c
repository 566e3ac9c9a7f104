/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hazards of pages that this process can have done to its own: protection, userfaultfd, seals. */
#include "core/words.h"
#include "sys/hazard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/pinio.h"
#include "unit.h"

#define PAGE 4096u

static uint8_t *memory(unsigned pages)
{
	uint8_t *mem = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	CU_ASSERT_PTR_NOT_EQUAL_FATAL(mem, MAP_FAILED);
	memset(mem, 'x', pages * PAGE);
	return mem;
}

/* What the guard makes of an access: 0, or -EFAULT for a fault. */
static int store(uint8_t *at)
{
	static const uint8_t from[8] = "written";

	return pp_guarded_copy(at, from, sizeof(from));
}

static int load(const uint8_t *at)
{
	uint8_t to[8];

	return pp_guarded_copy(to, at, sizeof(to));
}

static void test_protect(void)
{
	uint8_t *mem = memory(2);
	struct pp_err err = { "" };

	CU_ASSERT_EQUAL_FATAL(pp_guard_install(&err), 0);
	CU_ASSERT_EQUAL(pp_hazard_protect(mem, PAGE, PROT_READ, &err), 0);
	CU_ASSERT_EQUAL(store(mem), -EFAULT);
	CU_ASSERT_EQUAL(load(mem), 0);
	CU_ASSERT_EQUAL(store(mem + PAGE), 0);
	CU_ASSERT_EQUAL(pp_hazard_protect(mem, PAGE, PROT_NONE, &err), 0);
	CU_ASSERT_EQUAL(load(mem), -EFAULT);
	CU_ASSERT_EQUAL(pp_hazard_protect(mem, PAGE, PROT_READ | PROT_WRITE, &err), 0);
	CU_ASSERT_EQUAL(store(mem), 0);
	PP_ASSERT_STR(err.text, "");
	CU_ASSERT_EQUAL(pp_hazard_protect(mem + 1, PAGE, PROT_READ, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "mprotect"));
	munmap(mem, 2 * PAGE);
}

/* Where userfaultfd is not there, or not for us, there is a sentence. */
static void test_uffd_protect(void)
{
	uint8_t *mem = memory(2);
	struct pp_err err = { "" };
	int fd = -1, rc = pp_hazard_uffd_possible(false, &err);

	CU_ASSERT_EQUAL(pp_hazard_uffd_unprotect(&fd, NULL), -EINVAL);
	if (rc) {
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "userfaultfd"));
		munmap(mem, 2 * PAGE);
		return;
	}
	CU_ASSERT_EQUAL(pp_hazard_uffd_protect(&fd, mem, PAGE, &err), 0);
	CU_ASSERT_TRUE(fd >= 0);
	CU_ASSERT_EQUAL(store(mem), -EFAULT);
	CU_ASSERT_EQUAL(load(mem), 0);
	CU_ASSERT_EQUAL(store(mem + PAGE), 0);
	CU_ASSERT_EQUAL(pp_hazard_uffd_unprotect(&fd, &err), 0);
	CU_ASSERT_EQUAL(fd, -1);
	CU_ASSERT_EQUAL(store(mem), 0);
	PP_ASSERT_STR(err.text, "");
	munmap(mem, 2 * PAGE);
}

static void test_uffd_move(void)
{
	uint8_t *mem = memory(3);
	struct pp_err err = { "" };
	int rc = pp_hazard_uffd_possible(true, &err);
	pid_t child;

	if (rc) {
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "userfaultfd"));
		munmap(mem, 3 * PAGE);
		return;
	}
	CU_ASSERT_EQUAL(pp_hazard_uffd_move(mem, 3 * PAGE, &err), 0);
	for (unsigned i = 0; i < 3 * PAGE; i++)
		if (mem[i] != 'x')
			CU_FAIL_FATAL("moved there and back, and changed");
	/* A page that a child shares is not moved, and the others nevertheless are. */
	child = fork();
	if (!child)
		for (;;)
			pause();
	CU_ASSERT_TRUE_FATAL(child > 0);
	mem[PAGE] = 'y';
	CU_ASSERT_EQUAL(pp_hazard_uffd_move(mem, 3 * PAGE, &err), -EBUSY);
	CU_ASSERT_TRUE(mem[0] == 'x' && mem[PAGE] == 'y' && mem[2 * PAGE] == 'x');
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	munmap(mem, 3 * PAGE);
}

static void test_seal(void)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING), pipes[2];
	struct pp_err err = { "" };
	struct iovec piece;
	void *mem;

	CU_ASSERT_TRUE_FATAL(fd >= 0 && !ftruncate(fd, PAGE));
	mem = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CU_ASSERT_PTR_NOT_EQUAL_FATAL(mem, MAP_FAILED);
	memset(mem, 'x', PAGE);
	/* Mapped writable; then held by a pipe. */
	CU_ASSERT_EQUAL(pp_hazard_seal(fd, F_SEAL_WRITE, &err), -EBUSY);
	CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
	piece = (struct iovec){ mem, PAGE };
	CU_ASSERT_EQUAL(vmsplice(pipes[1], &piece, 1, 0), PAGE);
	munmap(mem, PAGE);
	CU_ASSERT_EQUAL(pp_hazard_seal(fd, F_SEAL_WRITE, &err), -EBUSY);
	CU_ASSERT_EQUAL(pwrite(fd, "y", 1, 0), 1);
	close(pipes[0]);
	close(pipes[1]);
	CU_ASSERT_EQUAL(pp_hazard_seal(fd, F_SEAL_WRITE, &err), 0);
	CU_ASSERT_EQUAL(pwrite(fd, "z", 1, 0), -1);
	CU_ASSERT_EQUAL(errno, EPERM);
	CU_ASSERT_EQUAL(pp_hazard_seal(-1, F_SEAL_WRITE, &err), -EBADF);
	close(fd);
}

/* Frames by block, and answers to what is not there; nothing is set offline here. */
static void test_parts(void)
{
	struct pp_err err = { "" };
	char path[128] = "";

	CU_ASSERT_TRUE(pp_hazard_memory_block(0, path, sizeof(path), &err)
			       ? strstr(err.text, "block_size_bytes") != NULL
			       : !strcmp(path, "/sys/devices/system/memory/memory0/state"));
	CU_ASSERT_EQUAL(pp_hazard_offline("/nonexistent", 100, &err), -ENOENT);
	CU_ASSERT_TRUE(pp_hazard_dax_unbind("/dev/no-such-dax", &err) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/sys/bus/dax"));
}

static void test_node_after(void)
{
	static const struct {
		const char *nodes;
		int node, after;
	} rows[] = {
		{ "0", -1, 0 },    { "0", 0, 0 },     { "0-1", 0, 1 },      { "0-1", 1, 0 },
		{ "0-1", -1, 0 },  { "2,4", 2, 4 },   { "2,4", 3, 4 },      { "2,4", 4, 2 },
		{ "2,4", 0, 2 },   { "0-2,7", 2, 7 }, { "", 0, -1 },        { "none", 0, -1 },
		{ "0-2,7", 7, 0 }, { "3-5", 3, 4 },   { "10-12,", 12, 10 },
	};

	for (size_t r = 0; r < PP_ARRAY_LEN(rows); r++)
		CU_ASSERT_EQUAL(pp_numa_node_after(rows[r].nodes, rows[r].node), rows[r].after);
}

/* Where there is one node nothing moves, which is no error; what is not mapped is one. */
static void test_nodes(void)
{
	struct pp_err err = { "" };
	char nodes[64] = "";
	int several = pp_numa_nodes(nodes, sizeof(nodes), &err), rc;
	uint8_t *mem =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CU_ASSERT_PTR_NOT_EQUAL_FATAL(mem, MAP_FAILED);
	memset(mem, 'x', 2 * PAGE);
	rc = pp_hazard_migrate(mem, 2 * PAGE, &err);
	if (several < 0) {
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "has_memory"));
	} else {
		CU_ASSERT_TRUE(rc == 0 || strstr(err.text, "move_pages"));
	}
	CU_ASSERT_TRUE(mem[0] == 'x' && mem[PAGE] == 'x');
	rc = pp_hazard_numa_balance(mem, 2 * PAGE, 10, &err);
	if (several == 0) {
		CU_ASSERT_EQUAL(rc, -ENODEV);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no processor is of another node than 0"));
	}
	CU_ASSERT_TRUE(pp_numa_balancing(&err) == 0 || strstr(err.text, "numa_balancing"));
	munmap(mem, 2 * PAGE);
}

static void test_soft_clean(void)
{
	struct pp_err err = { "" };
	int rc = pp_hazard_soft_clean(&err);

	CU_ASSERT_TRUE(rc == 0 || strstr(err.text, "clear_refs"));
}

static const struct pp_unit_case cases[] = {
	{ "protection", test_protect },
	{ "protection by userfaultfd", test_uffd_protect },
	{ "moving by userfaultfd", test_uffd_move },
	{ "seals", test_seal },
	{ "parts of the machine", test_parts },
	{ "the next node of a list", test_node_after },
	{ "nodes of memory", test_nodes },
	{ "soft-dirty bits", test_soft_clean },
};

PP_UNIT_MAIN("hazard_pages", cases)
