/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hazards, children, keeper and second process, as far as they need no disk and disturb nobody. */
#include "sys/hazard.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/plan.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/keeper.h"
#include "sys/peer.h"
#include "sys/pinio.h"
#include "sys/region.h"
#include "tmpdir.h"
#include "unit.h"

#define PAGE 4096u

static int memfd_of(unsigned pages)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	for (unsigned i = 0; i < pages; i++) {
		char page[PAGE];

		memset(page, 'a' + (int)i, sizeof(page));
		CU_ASSERT_EQUAL(pwrite(fd, page, PAGE, (off_t)i * PAGE), PAGE);
	}
	return fd;
}

static char byte_at(int fd, off_t at)
{
	char c = '?';

	CU_ASSERT_EQUAL(pread(fd, &c, 1, at), 1);
	return c;
}

static void test_files(void)
{
	int fd = memfd_of(4), other = memfd_of(1);
	struct pp_err err = { "" };
	char c;

	CU_ASSERT_EQUAL(pp_hazard_fallocate(fd, PP_FALLOC_PUNCH, PAGE, PAGE, &err), 0);
	CU_ASSERT_EQUAL(byte_at(fd, PAGE - 1), 'a');
	CU_ASSERT_EQUAL(byte_at(fd, PAGE), 0);
	CU_ASSERT_EQUAL(byte_at(fd, 2 * PAGE), 'c');
	CU_ASSERT_EQUAL(pp_hazard_truncate(fd, 3 * PAGE + 1, &err), 0);
	CU_ASSERT_EQUAL(pread(fd, &c, 1, 3 * PAGE + 1), 0);
	CU_ASSERT_EQUAL(pp_hazard_truncate(fd, 4 * PAGE, &err), 0);
	CU_ASSERT_EQUAL(byte_at(fd, 3 * PAGE), 'd');
	CU_ASSERT_EQUAL(byte_at(fd, 3 * PAGE + 1), 0);
	PP_ASSERT_STR(err.text, "");
	CU_ASSERT_EQUAL(pp_hazard_fallocate(fd, PP_FALLOC_COLLAPSE, 0, PAGE, &err), -EOPNOTSUPP);
	PP_ASSERT_STR(err.text, "fallocate(COLLAPSE_RANGE) of 0+4096: Operation not supported");
	CU_ASSERT_EQUAL(pp_hazard_fallocate(fd, PP_FALLOC_INSERT, 0, PAGE, &err), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(pp_hazard_fallocate(fd, PP_FALLOC_ZERO, 0, PAGE, &err), -EOPNOTSUPP);
	CU_ASSERT_TRUE(pp_hazard_reflink(fd, other, &err) < 0);
	CU_ASSERT_EQUAL(pp_hazard_fadvise(fd, 0, PAGE, &err), 0);
	CU_ASSERT_EQUAL(pp_hazard_fadvise(-1, 0, PAGE, &err), -EBADF);
	CU_ASSERT_EQUAL(pp_hazard_sync_range(fd, 0, PAGE, &err), 0);
	CU_ASSERT_EQUAL(pp_hazard_truncate(-1, 0, &err), -EBADF);
	CU_ASSERT_EQUAL(pp_hazard_syncfs("/nonexistent", &err), -ENOENT);
	CU_ASSERT_EQUAL(pp_hazard_freeze("/nonexistent", &err), -ENOENT);
	CU_ASSERT_TRUE(pp_hazard_thaw("/proc", &err) < 0);
	close(fd);
	close(other);
}

static void test_memory(void)
{
	char *mem =
		mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pp_err err = { "" };

	CU_ASSERT_PTR_NOT_EQUAL_FATAL(mem, MAP_FAILED);
	memset(mem, 'x', 4 * PAGE);
	CU_ASSERT_EQUAL(pp_hazard_advise(mem + PAGE, PAGE, MADV_DONTNEED, &err), 0);
	CU_ASSERT_TRUE(mem[0] == 'x' && mem[PAGE] == 0 && mem[2 * PAGE] == 'x');
	CU_ASSERT_EQUAL(pp_hazard_advise(mem + 64, PAGE, MADV_DONTNEED, &err), -EINVAL);
	/* Where the call is forbidden (seccomp of a container) there is a sentence. */
	err.text[0] = '\0';
	if (pp_hazard_migrate(mem + 64, 3 * PAGE, &err))
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "move_pages of 4 pages"));
	CU_ASSERT_TRUE(mem[0] == 'x' && mem[3 * PAGE] == 'x');
	munmap(mem, 4 * PAGE);
}

static void test_control(void)
{
	struct tmpdir d;
	struct pp_err err = { "" };
	char text[8];

	tmpdir_make(&d);
	tmpdir_write(&d, "one", "first line\nsecond\n", 18);
	CU_ASSERT_EQUAL(pp_control_read(tmpdir_file(&d, "one"), text, sizeof(text), &err), 0);
	PP_ASSERT_STR(text, "first l");
	tmpdir_write(&d, "two", "1\n", 2);
	CU_ASSERT_EQUAL(pp_control_read(tmpdir_file(&d, "two"), text, sizeof(text), &err), 0);
	PP_ASSERT_STR(text, "1");
	CU_ASSERT_EQUAL(pp_control_write(tmpdir_file(&d, "two"), "0", &err), 0);
	CU_ASSERT_TRUE(tmpdir_holds(&d, "two", "0\n", 2));
	CU_ASSERT_EQUAL(pp_control_write(tmpdir_file(&d, "no"), "0", &err), -ENOENT);
	CU_ASSERT_EQUAL(pp_control_read(d.path, text, sizeof(text), &err), -EISDIR);
	tmpdir_remove(&d);
}

/* The address changes, the content and the inaccessible pages around it do not. */
static void test_move(void)
{
	struct pp_region_def def = { .name = "r",
				     .backing = PP_BACKING_MEMFD,
				     .share = PP_SHARED,
				     .prot = PP_PROT_R | PP_PROT_W,
				     .size_bytes = 4 * PAGE,
				     .fs = PP_NO_INDEX,
				     .of = PP_NO_INDEX };
	struct pp_err err = { "" };
	struct pp_region r;
	char c = 0;

	CU_ASSERT_EQUAL(pp_guard_install(&err), 0);
	CU_ASSERT_EQUAL_FATAL(pp_region_create(&r, &def, NULL, &err), 0);
	CU_ASSERT_EQUAL(pp_region_move(&r, &err), -EOPNOTSUPP);
	CU_ASSERT_EQUAL_FATAL(pp_region_map(&r, &err), 0);
	memset(r.addr, 'm', 4 * PAGE);
	for (int i = 0; i < 3; i++) {
		char *from = r.addr;

		CU_ASSERT_EQUAL(pp_region_move(&r, &err), 0);
		CU_ASSERT_PTR_NOT_EQUAL(r.addr, from);
		CU_ASSERT_EQUAL(((char *)r.addr)[4 * PAGE - 1], 'm');
		CU_ASSERT_EQUAL(pp_guarded_copy(&c, (char *)r.addr - 1, 1), -EFAULT);
		CU_ASSERT_EQUAL(pp_guarded_copy(&c, (char *)r.addr + 4 * PAGE, 1), -EFAULT);
	}
	pp_region_destroy(&r);
	def.backing = PP_BACKING_ANON;
	def.share = PP_PRIVATE;
	CU_ASSERT_EQUAL_FATAL(pp_region_create(&r, &def, NULL, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pp_region_map(&r, &err), 0);
	memset(r.addr, 'p', 4 * PAGE);
	CU_ASSERT_EQUAL(pp_region_move(&r, &err), 0);
	CU_ASSERT_EQUAL(((char *)r.addr)[PAGE], 'p');
	pp_region_destroy(&r);
}

static void test_child(void)
{
	struct pp_child c = { 0 };
	struct pp_err err = { "" };
	int inherited[2];
	char byte;

	CU_ASSERT_EQUAL_FATAL(pipe(inherited), 0);
	CU_ASSERT_EQUAL(pp_child_start(&c, -1, NULL, 0, &err), 0);
	CU_ASSERT_EQUAL(kill(c.pid, 0), 0);
	/* It kept no file of ours: with our own write end the pipe's last one is gone. */
	close(inherited[1]);
	CU_ASSERT_EQUAL(read(inherited[0], &byte, 1), 0);
	CU_ASSERT_EQUAL(pp_child_end(&c, 0, &err), 0);
	CU_ASSERT_EQUAL(c.pid, 0);
	CU_ASSERT_EQUAL(pp_child_start(&c, -1, NULL, 0, &err), 0);
	CU_ASSERT_EQUAL(pp_child_end(&c, 1, &err), 0);
	PP_ASSERT_STR(err.text, "");
	close(inherited[0]);
}

static void test_child_holds(void)
{
	char *mem =
		mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pp_child c = { 0 };
	struct pp_err err = { "" };
	char got[4 * PAGE];
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	memset(mem, 'h', 4 * PAGE);
	CU_ASSERT_EQUAL(pp_child_start(&c, fds[1], mem, 4 * PAGE, &err), 0);
	/* What the parent writes now is not what the child's pages show. */
	memset(mem, 'i', 4 * PAGE);
	CU_ASSERT_EQUAL(pp_child_end(&c, 1, &err), 0);
	CU_ASSERT_EQUAL(read(fds[0], got, sizeof(got)), (ssize_t)sizeof(got));
	CU_ASSERT_TRUE(got[0] == 'h' && got[4 * PAGE - 1] == 'h');
	/* A range that cannot be had, and a pipe that is too small: no child is left. */
	munmap(mem, 4 * PAGE);
	CU_ASSERT_EQUAL(pp_child_start(&c, fds[1], mem, PAGE, &err), -EFAULT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "vmsplice by a child"));
	mem = mmap(NULL, 32 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CU_ASSERT_EQUAL(pp_child_start(&c, fds[1], mem, 32 * PAGE, &err), -ENOSPC);
	CU_ASSERT_EQUAL(waitpid(-1, NULL, WNOHANG), -1);
	munmap(mem, 32 * PAGE);
	close(fds[0]);
	close(fds[1]);
}

/* A case that dies with debts: what it owes is paid, what it paid is left alone. */
static void die_in_debt(struct tmpdir *d)
{
	char ours[300], paid[300], dir[300];
	pid_t pid = fork();

	if (pid) {
		CU_ASSERT_EQUAL(waitpid(pid, NULL, 0), pid);
		return;
	}
	{
		struct pp_keeper k;
		int number = -1;

		snprintf(ours, sizeof(ours), "%s", tmpdir_file(d, "ours"));
		snprintf(paid, sizeof(paid), "%s", tmpdir_file(d, "paid"));
		snprintf(dir, sizeof(dir), "%s", tmpdir_file(d, "dir"));
		setpgid(0, 0);
		if (pp_keeper_start(&k, NULL))
			_exit(1);
		pp_keeper_owe(&k, PP_DEBT_WRITE, ours, "7", NULL);
		number = pp_keeper_owe(&k, PP_DEBT_WRITE, paid, "7", NULL);
		pp_keeper_owe(&k, PP_DEBT_RMDIR, dir, "", NULL);
		pp_keeper_paid(&k, number, NULL);
		kill(0, SIGKILL);
	}
	_exit(1);
}

static void test_keeper(void)
{
	struct pp_keeper k = { 0 };
	struct pp_err err = { "" };
	struct tmpdir d;
	int number;

	tmpdir_make(&d);
	tmpdir_write(&d, "ours", "1", 1);
	tmpdir_write(&d, "paid", "1", 1);
	CU_ASSERT_EQUAL(mkdir(tmpdir_file(&d, "dir"), 0700), 0);
	die_in_debt(&d);
	for (int i = 0; i < 500 && !access(tmpdir_file(&d, "dir"), F_OK); i++)
		pp_pause_ms(10); /* poll: the keeper pays after we are gone */
	for (int i = 0; i < 500 && !tmpdir_holds(&d, "ours", "7", 1); i++)
		pp_pause_ms(10); /* poll: the keeper pays after we are gone */
	CU_ASSERT_TRUE(tmpdir_holds(&d, "ours", "7", 1));
	CU_ASSERT_TRUE(tmpdir_holds(&d, "paid", "1", 1));
	CU_ASSERT_EQUAL(access(tmpdir_file(&d, "dir"), F_OK), -1);
	CU_ASSERT_EQUAL(pp_keeper_start(&k, &err), 0);
	CU_ASSERT_EQUAL(pp_keeper_owe(&k, PP_DEBT_THAW, "/nonexistent", "", &err), -ENOENT);
	CU_ASSERT_EQUAL(pp_keeper_paid(&k, 3, &err), -EINVAL);
	for (int i = 0; i < PP_KEEPER_DEBTS; i++)
		CU_ASSERT_EQUAL(
			pp_keeper_owe(&k, PP_DEBT_WRITE, tmpdir_file(&d, "paid"), "8", &err), i);
	CU_ASSERT_EQUAL(pp_keeper_owe(&k, PP_DEBT_WRITE, "x", "8", &err), -ENOSPC);
	for (number = 0; number < PP_KEEPER_DEBTS; number++)
		CU_ASSERT_EQUAL(pp_keeper_paid(&k, number, &err), 0);
	pp_keeper_stop(&k);
	CU_ASSERT_TRUE(tmpdir_holds(&d, "paid", "1", 1));
	CU_ASSERT_EQUAL(k.pid, 0);
	pp_keeper_stop(&k);
	tmpdir_remove(&d);
}

static void test_peer(void)
{
	struct pp_peer p;
	struct pp_err err = { "" };
	int fd = memfd_of(2), other = memfd_of(1);
	struct pp_peer_range r = {
		.key = 3, .fd = fd, .map_bytes = 2 * PAGE, .offset_bytes = PAGE, .length_bytes = 64
	};
	char got[64], want[64];

	memset(want, 'b', sizeof(want));
	CU_ASSERT_EQUAL_FATAL(pp_peer_start(&p, 64, &err), 0);
	CU_ASSERT_EQUAL(pp_peer_load(&p, &r, got, &err), 0);
	CU_ASSERT_EQUAL(memcmp(got, want, sizeof(got)), 0);
	CU_ASSERT_EQUAL(pwrite(fd, "zz", 2, PAGE), 2);
	CU_ASSERT_EQUAL(pp_peer_load(&p, &r, got, &err), 0);
	CU_ASSERT_EQUAL(got[0], 'z');
	/* Behind the end of the file: SIGBUS there, an errno here, and it lives on. */
	CU_ASSERT_EQUAL(ftruncate(fd, PAGE), 0);
	CU_ASSERT_EQUAL(pp_peer_load(&p, &r, got, &err), -EFAULT);
	PP_ASSERT_STR(err.text, "load by the second process: Bad address");
	r.offset_bytes = 0;
	CU_ASSERT_EQUAL(pp_peer_load(&p, &r, got, &err), 0);
	CU_ASSERT_EQUAL(got[0], 'a');
	/* The mapping is kept until it is forgotten. */
	r.fd = other;
	CU_ASSERT_EQUAL(pwrite(fd, "q", 1, 0), 1);
	CU_ASSERT_EQUAL(pp_peer_load(&p, &r, got, &err), 0);
	CU_ASSERT_EQUAL(got[0], 'q');
	CU_ASSERT_EQUAL(pp_peer_forget(&p, 3, &err), 0);
	CU_ASSERT_EQUAL(pp_peer_load(&p, &r, got, &err), 0);
	CU_ASSERT_EQUAL(got[0], 'a');
	r.length_bytes = 65;
	CU_ASSERT_EQUAL(pp_peer_load(&p, &r, got, &err), -EINVAL);
	r.length_bytes = 64;
	kill(p.pid, SIGKILL);
	CU_ASSERT_EQUAL(pp_peer_load(&p, &r, got, &err), -EPIPE);
	pp_peer_stop(&p);
	pp_peer_stop(&p);
	close(fd);
	close(other);
}

/* In a process of its own, as it moves that into a cgroup and mounts things. */
static int enter_and_reclaim(struct pp_err *err)
{
	struct pp_memcg m = { 0 };
	int rc;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("test", "/sys/fs", "tmpfs", 0, NULL))
		return -EPERM;
	rc = pp_memcg_enter(&m, "/sys/fs", err);
	if (rc)
		return rc == -ENODEV || m.mount[0] == '\0' ? rc : -EFAULT;
	rc = pp_memcg_reclaim(&m, err);
	if (rc)
		return rc;
	rc = pp_memcg_leave(&m, err);
	if (!rc && !access("/sys/fs/cgroup", F_OK))
		rc = -EEXIST; /* something was left behind */
	return rc ? rc : pp_memcg_leave(&m, err);
}

static void test_memcg(void)
{
	struct pp_err err = { "" };
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		int rc = enter_and_reclaim(&err);

		if (rc)
			printf("# no cgroup of our own: %s (%d)\n", err.text, rc);
		fflush(NULL);
		_exit(-rc);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(WIFEXITED(status));
	/* In the guest it must work. */
	CU_ASSERT_TRUE(!WEXITSTATUS(status) || !getenv("PINPROOF_TEST_GUEST"));
	CU_ASSERT_NOT_EQUAL(WEXITSTATUS(status), EFAULT);
	CU_ASSERT_NOT_EQUAL(WEXITSTATUS(status), EEXIST);
}

static const struct pp_unit_case cases[] = {
	{ "files", test_files },           { "memory", test_memory },
	{ "control files", test_control }, { "move", test_move },
	{ "child", test_child },           { "child that holds", test_child_holds },
	{ "keeper", test_keeper },         { "second process", test_peer },
	{ "cgroup", test_memcg },
};

PP_UNIT_MAIN("hazard", cases)
