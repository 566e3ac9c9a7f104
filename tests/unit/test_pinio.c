/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short pins and guarded access, on anonymous memory and a plain file. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/plan.h"
#include "sys/clock.h"
#include "sys/pinio.h"
#include "unit.h"

#define PAGE  4096u
#define PAGES 200u /* more than a pipe holds */

static char *map_pages(size_t pages, int prot)
{
	char *p = mmap(NULL, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CU_ASSERT_PTR_NOT_EQUAL_FATAL(p, MAP_FAILED);
	return p;
}

static void fill(char *p, size_t length, unsigned seed)
{
	for (size_t i = 0; i < length; i++)
		p[i] = (char)(seed + i * 7 + i / PAGE);
}

static void test_guard(void)
{
	char buf[64], *p = map_pages(3, PROT_READ | PROT_WRITE);
	int fd = memfd_create("guard", MFD_CLOEXEC);
	char *f = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CU_ASSERT_PTR_NOT_EQUAL_FATAL(f, MAP_FAILED);
	CU_ASSERT_EQUAL_FATAL(pp_guard_install(NULL), 0);
	munmap(p + PAGE, PAGE);
	memcpy(p, "here", sizeof("here"));
	CU_ASSERT_EQUAL(pp_guarded_copy(buf, p, 5), 0);
	PP_ASSERT_STR(buf, "here");
	/* Again and again: the jump must leave no signal blocked. */
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(pp_guarded_copy(buf, p + PAGE - 8, 16), -EFAULT); /* SIGSEGV */
		CU_ASSERT_EQUAL(pp_guarded_copy(p + PAGE, buf, 1), -EFAULT);
		CU_ASSERT_EQUAL(pp_guarded_copy(buf, f, 16), -EFAULT); /* SIGBUS: behind the end */
	}
	CU_ASSERT_EQUAL(ftruncate(fd, PAGE), 0);
	CU_ASSERT_EQUAL(pp_guarded_copy(f, p, 5), 0);
	PP_ASSERT_STR(f, "here");
	munmap(f, PAGE);
	munmap(p, PAGE);
	munmap(p + 2 * PAGE, PAGE);
	close(fd);
}

/* How a child ends that has the guard and faults outside of it. */
static int death(int sent)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		volatile char *bad =
			mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		char buf[4];

		pp_guard_install(NULL);
		if (pp_guarded_copy(buf, (const void *)bad, 4) != -EFAULT)
			_exit(1);
		if (sent)
			raise(SIGBUS);
		else
			*bad = 1;
		_exit(2);
	}
	CU_ASSERT_TRUE_FATAL(pid > 0);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void test_guard_outside(void)
{
	CU_ASSERT_EQUAL(death(0), SIGSEGV);
	CU_ASSERT_EQUAL(death(1), SIGBUS);
}

static void test_vm(void)
{
	char *mem = map_pages(3, PROT_READ | PROT_WRITE), from[2 * PAGE], to[2 * PAGE];
	struct pp_err err = { "" };

	fill(from, sizeof(from), 3);
	CU_ASSERT_EQUAL(pp_pinio_vm_write(mem + 100, from, sizeof(from), &err), sizeof(from));
	CU_ASSERT_EQUAL(memcmp(mem + 100, from, sizeof(from)), 0);
	CU_ASSERT_EQUAL(mem[99], 0);
	CU_ASSERT_EQUAL(pp_pinio_vm_read(mem + 100, to, sizeof(to), &err), sizeof(to));
	CU_ASSERT_EQUAL(memcmp(to, from, sizeof(to)), 0);
	PP_ASSERT_STR(err.text, "");
	/* The second page refuses: the kernel says how far it came. */
	mprotect(mem + PAGE, PAGE, PROT_READ);
	CU_ASSERT_EQUAL(pp_pinio_vm_write(mem, from, sizeof(from), &err), PAGE);
	CU_ASSERT_EQUAL(pp_pinio_vm_write(mem + PAGE, from, 8, &err), -EFAULT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "process_vm_writev"));
	munmap(mem, PAGE);
	CU_ASSERT_EQUAL(pp_pinio_vm_read(mem, to, 8, &err), -EFAULT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "process_vm_readv"));
	munmap(mem + PAGE, 2 * PAGE);
}

static void test_vmsplice(void)
{
	static const size_t lengths[] = { 1, PAGE - 1, PAGE + 1, 16 * PAGE,
					  (PAGES - 1) * PAGE + 5 };
	char *mem = map_pages(PAGES, PROT_READ | PROT_WRITE);
	char *to = map_pages(PAGES, PROT_READ | PROT_WRITE);
	struct pp_err err = { "" };

	fill(mem, PAGES * PAGE, 9);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		for (size_t lead = 0; lead < 200; lead += 77) {
			memset(to, 0, PAGES * PAGE);
			CU_ASSERT_EQUAL(pp_pinio_vmsplice(mem + lead, to, lengths[i], &err),
					(int64_t)lengths[i]);
			CU_ASSERT_EQUAL(memcmp(to, mem + lead, lengths[i]), 0);
			CU_ASSERT_EQUAL(to[lengths[i]], 0);
		}
	PP_ASSERT_STR(err.text, "");
	/* A refusal in the middle ends it there, one at the start is the errno. */
	munmap(mem + 40 * PAGE, PAGE);
	CU_ASSERT_EQUAL(pp_pinio_vmsplice(mem, to, PAGES * PAGE, &err), 40 * PAGE);
	CU_ASSERT_EQUAL(memcmp(to, mem, 40 * PAGE), 0);
	CU_ASSERT_EQUAL(pp_pinio_vmsplice(mem + 40 * PAGE, to, PAGE, &err), -EFAULT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "vmsplice"));
	munmap(mem, 40 * PAGE);
	munmap(mem + 41 * PAGE, (PAGES - 41) * PAGE);
	munmap(to, PAGES * PAGE);
}

/* A scratch file for O_DIRECT beside the build, -errno where that filesystem has none. */
static int direct_file(void)
{
	char name[] = "./pinio-test-XXXXXX";
	int fd = mkstemp(name), direct;

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(ftruncate(fd, PAGES * PAGE), 0);
	close(fd);
	direct = open(name, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (direct < 0)
		direct = -errno;
	unlink(name);
	return direct;
}

/* The sentence and errno where the machine forbids io_uring; nothing is skipped in silence. */
static struct pp_pinio *open_pinio(void)
{
	struct pp_pinio *p = NULL;
	struct pp_err err = { "" };
	int rc = pp_pinio_open(&p, &err);

	if (rc) {
		CU_ASSERT_TRUE(rc == -EPERM || rc == -ENOSYS || rc == -ENOMEM);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "io_uring"));
		return NULL;
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	return p;
}

static int64_t direct(struct pp_pinio *p, int fd, bool write, void *mem, size_t length,
		      uint64_t offset, uint32_t bound_ms, struct pp_err *err)
{
	struct pp_io io = { .fd = fd,
			    .write = write,
			    .mem = mem,
			    .length_bytes = length,
			    .offset_bytes = offset,
			    .bound_ms = bound_ms };

	return pp_pinio_run(p, &io, err);
}

static void test_direct(void)
{
	char *mem = map_pages(16, PROT_READ | PROT_WRITE),
	     *copy = map_pages(16, PROT_READ | PROT_WRITE);
	struct pp_pinio *p = open_pinio();
	struct pp_err err = { "" };
	int fd = direct_file();

	if (fd < 0)
		CU_ASSERT_EQUAL(fd, -EINVAL);
	if (!p || fd < 0)
		goto out;
	fill(mem, 16 * PAGE, 1);
	for (int round = 0; round < 10; round++) {
		mem[0] = (char)round;
		CU_ASSERT_EQUAL(direct(p, fd, true, mem, 16 * PAGE, PAGE, 20000, &err), 16 * PAGE);
		CU_ASSERT_EQUAL(direct(p, fd, false, copy, 16 * PAGE, PAGE, 20000, &err),
				16 * PAGE);
		CU_ASSERT_EQUAL(memcmp(mem, copy, 16 * PAGE), 0);
	}
	PP_ASSERT_STR(err.text, "");
	mprotect(copy, PAGE, PROT_READ);
	CU_ASSERT_EQUAL(direct(p, fd, false, copy, PAGE, 0, 20000, &err), -EFAULT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "io_uring read"));
	CU_ASSERT_EQUAL(direct(p, fd, false, mem, (size_t)1 << 32, 0, 20000, &err), -EINVAL);
	CU_ASSERT_EQUAL(direct(p, -1, false, mem, PAGE, 0, 20000, &err), -EBADF);
	CU_ASSERT_EQUAL(direct(p, fd, false, mem, PAGE, PAGES * PAGE, 20000, &err), 0);
out:
	if (fd >= 0)
		close(fd);
	pp_pinio_close(p);
	munmap(mem, 16 * PAGE);
	munmap(copy, 16 * PAGE);
}

/* An empty pipe never answers; the cancelled request must not disturb the next one. */
static void test_bound(void)
{
	struct pp_pinio *p = open_pinio();
	struct pp_err err = { "" };
	char buf[16] = "untouched";
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	for (int round = 0; p && round < 3; round++) {
		uint64_t began = pp_now_ns();

		CU_ASSERT_EQUAL(direct(p, fds[0], false, buf, 8, 0, 100, &err), -ETIMEDOUT);
		CU_ASSERT_TRUE(pp_now_ns() - began >= 100000000u);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "longer than 100 ms"));
		CU_ASSERT_PTR_NULL(strstr(err.text, "could not be cancelled"));
		PP_ASSERT_STR(buf, "untouched");
	}
	CU_ASSERT_EQUAL(write(fds[1], "answer!", 8), 8);
	if (p) {
		CU_ASSERT_EQUAL(direct(p, fds[0], false, buf, 8, 0, 20000, &err), 8);
		PP_ASSERT_STR(buf, "answer!");
	}
	pp_pinio_close(p);
	pp_pinio_close(NULL);
	close(fds[0]);
	close(fds[1]);
}

/* Ways of one transfer: they must all move the same bytes. */
static const struct way {
	size_t split;
	unsigned depth, mode;
} ways[] = {
	/* clang-format off */
	{ PAGE, 1, 0 },
	{ PAGE, 4, 0 },
	{ 3 * PAGE, 8, 0 },
	{ PAGE, 100, 0 },
	{ PAGE, 5, PP_MODE_LINKED },
	{ PAGE, 4, PP_MODE_FIXED_FILE },
	{ 2 * PAGE, 4, PP_MODE_ASYNC },
	{ 2 * PAGE, 4, PP_MODE_SQPOLL },
	{ PAGE, 16, PP_MODE_LINKED | PP_MODE_FIXED_FILE | PP_MODE_SQPOLL | PP_MODE_ASYNC },
	/* clang-format on */
};

/* One way there and back; at the end of the file the transfer is short. */
static void try_way(struct pp_pinio *p, const struct way *way, int fd, char *mem, char *copy,
		    bool fixed)
{
	struct pp_io io = { .fd = fd,
			    .fixed = fixed,
			    .write = true,
			    .mem = mem,
			    .length_bytes = 16 * PAGE,
			    .offset_bytes = PAGE,
			    .split_bytes = way->split,
			    .depth = way->depth,
			    .mode = way->mode,
			    .bound_ms = 20000 };
	struct pp_err err = { "" };
	int64_t n = pp_pinio_run(p, &io, &err);

	if (n == -EOPNOTSUPP && way->mode & PP_MODE_SQPOLL) {
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "submitting thread"));
		return;
	}
	CU_ASSERT_EQUAL(n, 16 * PAGE);
	CU_ASSERT_EQUAL(pread(fd, copy, 16 * PAGE, PAGE), 16 * PAGE);
	CU_ASSERT_EQUAL(memcmp(mem, copy, 16 * PAGE), 0);
	memset(mem, 0, 16 * PAGE);
	io.write = false;
	CU_ASSERT_EQUAL(pp_pinio_run(p, &io, &err), 16 * PAGE);
	CU_ASSERT_EQUAL(memcmp(mem, copy, 16 * PAGE), 0);
	io.offset_bytes = (PAGES - 5) * PAGE;
	CU_ASSERT_EQUAL(pp_pinio_run(p, &io, &err), 5 * PAGE);
	PP_ASSERT_STR(err.text, "");
}

static void test_ways(void)
{
	char *mem = map_pages(16, PROT_READ | PROT_WRITE),
	     *copy = map_pages(16, PROT_READ | PROT_WRITE);
	struct pp_pinio *p = open_pinio();
	int fd = direct_file();

	for (size_t i = 0; p && fd >= 0 && i < sizeof(ways) / sizeof(ways[0]); i++) {
		fill(mem, 16 * PAGE, 30 + (unsigned)i);
		try_way(p, &ways[i], fd, mem, copy, false);
	}
	for (size_t i = 0; p && fd >= 0 && i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct pp_err err = { "" };
		int rc = pp_pinio_register(p, mem, 16 * PAGE, ways[i].mode, &err);

		if (rc == -EOPNOTSUPP && ways[i].mode & PP_MODE_SQPOLL)
			continue;
		CU_ASSERT_EQUAL(rc, 0);
		CU_ASSERT_EQUAL(pp_pinio_register(p, mem, PAGE, 0, &err), -EEXIST);
		fill(mem, 16 * PAGE, 50 + (unsigned)i);
		try_way(p, &ways[i], fd, mem, copy, true);
		CU_ASSERT_EQUAL(pp_pinio_unregister(p, &err), 0);
	}
	if (fd >= 0)
		close(fd);
	pp_pinio_close(p);
	munmap(mem, 16 * PAGE);
	munmap(copy, 16 * PAGE);
}

/* What cannot be moved ends the transfer there, or is said if something behind it was moved. */
static void test_holes(void)
{
	char *mem = map_pages(16, PROT_READ | PROT_WRITE);
	struct pp_pinio *p = open_pinio();
	struct pp_err err = { "" };
	int fd = direct_file();
	struct pp_io io = { .fd = fd,
			    .mem = mem,
			    .length_bytes = 16 * PAGE,
			    .split_bytes = PAGE,
			    .mode = PP_MODE_LINKED,
			    .depth = 16,
			    .bound_ms = 20000 };

	mprotect(mem + 6 * PAGE, PAGE, PROT_READ);
	if (p && fd >= 0) {
		CU_ASSERT_EQUAL(pp_pinio_run(p, &io, &err), 6 * PAGE);
		io.depth = 1;
		io.mode = 0;
		CU_ASSERT_EQUAL(pp_pinio_run(p, &io, &err), 6 * PAGE);
		PP_ASSERT_STR(err.text, "");
		io.depth = 16;
		CU_ASSERT_EQUAL(pp_pinio_run(p, &io, &err), -EFAULT);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "in the middle"));
		io.front = true;
		CU_ASSERT_EQUAL(pp_pinio_run(p, &io, &err), 6 * PAGE);
		io.fixed = true;
		CU_ASSERT_EQUAL(pp_pinio_run(p, &io, &err), -ENXIO);
		CU_ASSERT_EQUAL(pp_pinio_unregister(p, &err), -ENXIO);
		CU_ASSERT_EQUAL(pp_pinio_register(p, mem, 16 * PAGE, 0, &err), -EFAULT);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "refused"));
	}
	if (fd >= 0)
		close(fd);
	pp_pinio_close(p);
	munmap(mem, 16 * PAGE);
}

/* Pieces outside the registered buffer are refused at once, and keep nothing back. */
static void test_outside_buffer(void)
{
	char *mem = map_pages(16, PROT_READ | PROT_WRITE);
	struct pp_pinio *p = open_pinio();
	struct pp_err err = { "" };
	uint64_t began = pp_now_ns();
	int fd = direct_file();
	struct pp_io io = { .fd = fd,
			    .fixed = true,
			    .mem = mem,
			    .length_bytes = 16 * PAGE,
			    .split_bytes = PAGE,
			    .depth = 16,
			    .bound_ms = 20000 };
	int64_t n;

	if (p && fd >= 0) {
		CU_ASSERT_EQUAL(pp_pinio_register(p, mem, 6 * PAGE, 0, &err), 0);
		CU_ASSERT_EQUAL(pp_pinio_run(p, &io, &err), 6 * PAGE);
		/* A chain with a link that is refused at once never begins on newer kernels. */
		io.mode = PP_MODE_LINKED;
		n = pp_pinio_run(p, &io, &err);
		CU_ASSERT_TRUE(n == 6 * PAGE || n == -EFAULT);
		io.mem = mem + 6 * PAGE;
		io.length_bytes = 8 * PAGE;
		CU_ASSERT_EQUAL(pp_pinio_run(p, &io, &err), -EFAULT);
		CU_ASSERT_TRUE(pp_now_ns() - began < 10000000000u);
	}
	if (fd >= 0)
		close(fd);
	pp_pinio_close(p);
	munmap(mem, 16 * PAGE);
}

static void *on_signal_late(void *arg)
{
	pp_pause_ms(50);
	pthread_kill(*(pthread_t *)arg, SIGUSR1);
	return NULL;
}

static void nothing(int sig)
{
	(void)sig;
}

/* A signal ends a transfer that would wait for ever; nothing arrives afterwards. */
static void test_signal(void)
{
	struct sigaction sa = { .sa_handler = nothing }, before;
	struct pp_pinio *p = open_pinio();
	pthread_t self = pthread_self(), other;
	struct pp_err err = { "" };
	char buf[16] = "untouched";
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	sigaction(SIGUSR1, &sa, &before);
	if (p) {
		CU_ASSERT_EQUAL_FATAL(pthread_create(&other, NULL, on_signal_late, &self), 0);
		CU_ASSERT_EQUAL(direct(p, fds[0], false, buf, 8, 0, 20000, &err), -EINTR);
		pthread_join(other, NULL);
		CU_ASSERT_EQUAL(write(fds[1], "answer!", 8), 8);
		CU_ASSERT_EQUAL(direct(p, fds[0], false, buf, 8, 0, 20000, &err), 8);
		PP_ASSERT_STR(buf, "answer!");
	}
	sigaction(SIGUSR1, &before, NULL);
	pp_pinio_close(p);
	close(fds[0]);
	close(fds[1]);
}

static void test_reopen(void)
{
	struct pp_err err = { "" };
	int fd = direct_file(), again, fds[2];

	if (fd >= 0) {
		again = pp_pinio_reopen_direct(fd, true, &err);
		CU_ASSERT_TRUE(again >= 0 && (fcntl(again, F_GETFL) & O_DIRECT));
		close(again);
		close(fd);
	}
	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	close(fds[0]);
	CU_ASSERT_TRUE(pp_pinio_reopen_direct(fds[0], false, &err) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "O_DIRECT"));
	close(fds[1]);
}

static const struct pp_unit_case cases[] = {
	{ "guarded copies survive", test_guard },
	{ "outside of the guard faults kill", test_guard_outside },
	{ "process_vm_writev and readv", test_vm },
	{ "vmsplice in pieces", test_vmsplice },
	{ "O_DIRECT both ways", test_direct },
	{ "O_DIRECT that takes too long", test_bound },
	{ "pieces, chains, fixed files, registered buffers", test_ways },
	{ "a transfer with a hole", test_holes },
	{ "pieces outside the registered buffer", test_outside_buffer },
	{ "a signal ends a wait", test_signal },
	{ "a file once more with O_DIRECT", test_reopen },
};

PP_UNIT_MAIN("pinio", cases)
