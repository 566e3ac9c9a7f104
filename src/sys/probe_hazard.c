/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hazards need of a machine, found out by trying; see probe_hazard.h. */
#include "sys/probe_hazard.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/hazard.h"
#include "sys/pages.h"
#include "sys/pinio.h"

/* In the child's own mount namespace only: an existing directory to work in. */
#define SCRATCH    "/sys/fs"
#define HUGE_BYTES ((size_t)2 << 20)
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101 /* source: include/uapi/asm-generic/mman-common.h */
#endif

int pp_probe_sqpoll(struct pp_err *why)
{
	struct pp_pinio *p;
	int rc = pp_pinio_open(&p, why);

	if (rc)
		return rc;
	rc = pp_pinio_sqpoll(p, why);
	pp_pinio_close(p);
	return rc;
}

static int writable(const char *path, struct pp_err *why)
{
	return access(path, W_OK) ? pp_err_set(why, -errno, "cannot write to %s", path) : 0;
}

int pp_probe_compact(struct pp_err *why)
{
	return writable("/proc/sys/vm/compact_memory", why);
}

int pp_probe_ksm(struct pp_err *why)
{
	return writable(PP_KSM_RUN, why);
}

int pp_probe_thp_split(struct pp_err *why)
{
	return writable("/sys/kernel/debug/split_huge_pages", why);
}

/* A page that was just written is dirty; on a kernel without the bits it never is. */
int pp_probe_soft_dirty(struct pp_err *why)
{
	volatile char touched = 1;
	struct pp_page_info page;
	struct pp_pages pages;
	int rc = writable("/proc/self/clear_refs", why);

	if (!rc)
		rc = pp_pages_open(&pages, 0, why);
	if (rc)
		return rc;
	touched = 2;
	rc = pp_pages_look(&pages, (const void *)&touched, 1, &page, why);
	pp_pages_close(&pages);
	if (!rc && !(page.state & PP_PAGE_SOFTDIRTY))
		rc = pp_err_set(why, -EOPNOTSUPP, "the kernel keeps no soft-dirty bits.");
	return rc;
}

int pp_probe_uffd_wp(struct pp_err *why)
{
	return pp_hazard_uffd_possible(false, why);
}

int pp_probe_uffd_move(struct pp_err *why)
{
	return pp_hazard_uffd_possible(true, why);
}

int pp_probe_collapse(struct pp_err *why)
{
	size_t length = 2 * HUGE_BYTES;
	uint8_t *mem =
		mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t huge = ((uintptr_t)mem + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1);
	int rc;

	if (mem == MAP_FAILED)
		return pp_err_set(why, -errno, "no memory to try it with");
	*(volatile uint8_t *)huge = 1;
	rc = pp_hazard_collapse((void *)huge, HUGE_BYTES, why);
	munmap(mem, length);
	return rc;
}

/*
 * Of no page at all: that the advice is known is asked before the range is. A frame that is lost by
 * trying would keep its whole block of memory online until the next boot (memory_block_offline() in
 * drivers/base/memory.c says EHWPOISON since 6.2).
 */
static int knows_advice(int advice, const char *name, struct pp_err *why)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *mem = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int rc = 0;

	if (mem == MAP_FAILED)
		return pp_err_set(why, -errno, "no memory to try it with");
	if (madvise(mem, 0, advice))
		rc = pp_err_set(why, -errno, "the kernel knows no %s", name);
	munmap(mem, page);
	return rc;
}

int pp_probe_soft_offline(struct pp_err *why)
{
	return knows_advice(MADV_SOFT_OFFLINE, "MADV_SOFT_OFFLINE", why);
}

int pp_probe_hwpoison(struct pp_err *why)
{
	char text[16];
	int rc = pp_control_read("/proc/sys/vm/memory_failure_recovery", text, sizeof(text), why);

	if (rc)
		return rc;
	if (!strcmp(text, "0"))
		return pp_err_set(why, -EPERM,
				  "vm.memory_failure_recovery is 0: bad memory ends this kernel.");
	return knows_advice(MADV_HWPOISON, "MADV_HWPOISON", why);
}

int pp_probe_swap(struct pp_err *why)
{
	char line[256];
	FILE *f = fopen("/proc/swaps", "re");
	int lines = 0;

	if (!f)
		return pp_err_set(why, -errno, "cannot read /proc/swaps");
	while (fgets(line, sizeof(line), f))
		lines++;
	fclose(f);
	return lines < 2 ? pp_err_set(why, -ENOENT, "nothing is swapped to: /proc/swaps is empty.")
			 : 0;
}

/* "Node 0, zone  Movable", and below it "present  262144". */
int pp_probe_movable(struct pp_err *why)
{
	char line[256];
	FILE *f = fopen("/proc/zoneinfo", "re");
	unsigned long long present = 0, most = 0;
	bool movable = false;

	if (!f)
		return pp_err_set(why, -errno, "cannot read /proc/zoneinfo");
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "Node", 4))
			movable = strstr(line, "Movable");
		if (movable && sscanf(line, " present %llu", &present) == 1 && present > most)
			most = present;
	}
	fclose(f);
	return most ? 0 : pp_err_set(why, -ENOENT, "no memory is in the MOVABLE zone.");
}

int pp_probe_move_pages(struct pp_err *why)
{
	volatile char touched = 1;

	return pp_hazard_migrate((void *)&touched, 1, why);
}

int pp_probe_numa(struct pp_err *why)
{
	char nodes[256];
	int rc = pp_numa_nodes(nodes, sizeof(nodes), why);

	if (!rc)
		rc = pp_err_set(why, -ENOENT, "all memory is of one node.");
	return rc < 0 ? rc : 0;
}

int pp_probe_numa_balancing(struct pp_err *why)
{
	return pp_numa_balancing(why);
}

int pp_probe_offline(struct pp_err *why)
{
	char text[32];
	int rc = pp_control_read("/sys/devices/system/memory/memory0/removable", text, sizeof(text),
				 why);

	if (!rc && strcmp(text, "1"))
		rc = pp_err_set(why, -EOPNOTSUPP, "the kernel cannot set memory offline.");
	return rc;
}

static int try_memcg(struct pp_err *why)
{
	struct pp_memcg m;
	int rc;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("pinproof", SCRATCH, "tmpfs", 0, "mode=0700"))
		return pp_err_set(why, -errno, "cannot make mounts of our own");
	rc = pp_memcg_enter(&m, SCRATCH, why);
	return rc ? rc : pp_memcg_leave(&m, why);
}

int pp_probe_memcg(struct pp_err *why)
{
	struct pp_err said = { "the child that tried died." };
	pid_t parent = getpid(), pid;
	int fds[2], rc = -ECHILD;

	if (pipe2(fds, O_CLOEXEC))
		return pp_err_set(why, -errno, "cannot make a pipe");
	pid = fork();
	if (pid < 0) {
		rc = pp_err_set(why, -errno, "cannot fork the child that tries");
		close(fds[0]);
		close(fds[1]);
		return rc;
	}
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		rc = getppid() == parent ? try_memcg(&said) : -ECHILD;
		if (write(fds[1], &rc, sizeof(rc)) < 0 || write(fds[1], &said, sizeof(said)) < 0)
			_exit(1);
		_exit(0);
	}
	close(fds[1]);
	if (read(fds[0], &rc, sizeof(rc)) != (ssize_t)sizeof(rc) ||
	    read(fds[0], &said, sizeof(said)) != (ssize_t)sizeof(said))
		rc = rc ? rc : -ECHILD;
	close(fds[0]);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (why)
		*why = said;
	return rc;
}
