/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults in what pins, looks at and disturbs memory: rings, page states, counters, log, hazards. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/plan.h"
#include "core/words.h"
#include "drive.h"
#include "fakes.h"
#include "sys/hazard.h"
#include "sys/kmsg.h"
#include "sys/pages.h"
#include "sys/pinio.h"
#include "sys/accounts.h"
#include "sys/pins.h"
#include "world.h"

#define PAGE 4096u

void *__real_mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset);

/* Memory and a file of our own, made once and by nobody who is counted. */
static char *memory(void)
{
	static char *pages;

	if (!pages)
		pages = __real_mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return pages;
}

static int file(void)
{
	static int fd = -1;

	if (fd < 0) {
		fd = __real_memfd_create("data", MFD_CLOEXEC);
		if (fd < 0 || __real_ftruncate(fd, 8 * PAGE))
			abort();
	}
	return fd;
}

void drive_prepare(void)
{
	(void)memory();
	(void)file();
}

static int run_ring(const struct driver *d, struct pp_err *err)
{
	const struct pp_io *want = d->arg;
	struct pp_io io = *want;
	struct pp_pinio *p;
	int64_t n;
	int rc = pp_pinio_open(&p, err);

	if (rc)
		return rc;
	io.fd = file();
	io.mem = memory();
	io.length_bytes = 4 * PAGE;
	io.bound_ms = BOUND_MS;
	rc = io.fixed ? pp_pinio_register(p, memory(), 8 * PAGE, io.mode, err) : 0;
	n = rc ? rc : pp_pinio_run(p, &io, err);
	/* What failed once must not stand in the way of the next. */
	if (n < 0 && !rc && pp_pinio_run(p, &io, NULL) != 4 * PAGE)
		n = -EBADE;
	if (io.fixed && !rc)
		rc = pp_pinio_unregister(p, n < 0 ? NULL : err);
	/* The buffer goes with the ring. */
	if (rc == -EINTR)
		hook_count(RINGS, -1);
	pp_pinio_close(p);
	return n < 0 ? (int)n : rc;
}

static int run_short_pins(const struct driver *d, struct pp_err *err)
{
	char from[64] = "x", to[64];
	int64_t n = pp_pinio_vm_write(to, from, sizeof(from), err);

	(void)d;
	if (n > 0)
		n = pp_pinio_vm_read(from, to, sizeof(from), err);
	if (n > 0)
		n = pp_pinio_vmsplice(memory(), to, sizeof(to), err);
	return n < 0 ? (int)n : 0;
}

static int run_direct(const struct driver *d, struct pp_err *err)
{
	int fd = pp_pinio_reopen_direct(file(), true, err);

	(void)d;
	if (fd >= 0)
		__real_close(fd);
	return fd < 0 ? fd : 0;
}

static int run_guard(const struct driver *d, struct pp_err *err)
{
	(void)d;
	return pp_guard_install(err);
}

static int run_pages(const struct driver *d, struct pp_err *err)
{
	struct pp_pages p;
	unsigned all, any;
	int rc = pp_pages_possible(err);

	(void)d;
	if (!rc)
		rc = pp_pages_open(&p, 0, err);
	if (rc)
		return rc;
	rc = pp_pages_state(&p, memory(), PAGE + 1, &all, &any, err);
	pp_pages_close(&p);
	return rc;
}

static int run_pins(const struct driver *d, struct pp_err *err)
{
	struct pp_pins pins;

	(void)d;
	return pp_pins_read(&pins, err);
}

/* What cannot be told is not known, which is no error; /proc itself must be there. */
static int run_accounts(const struct driver *d, struct pp_err *err)
{
	static const struct pp_account_place where = { .ibdev = "rxe0" };
	struct pp_account_pids of = { .owner = getpid(), .heir = 0 };
	int64_t value[PP_ACCOUNT_COUNT];
	struct pp_accounts *a;
	int rc;

	(void)d;
	fake_link_add("rxe0");
	rc = pp_accounts_open(&where, &a, err);
	if (!rc) {
		rc = pp_accounts_read(a, &of, value, err);
		/* the second finds what the first left open, or gave up */
		if (!rc)
			rc = pp_accounts_read(a, &of, value, err);
		pp_accounts_close(a);
	}
	fake_links_forget();
	return rc;
}

static int run_kmsg(const struct driver *d, struct pp_err *err)
{
	struct pp_kmsg k;
	char *text;
	size_t len;
	int rc = pp_kmsg_open(&k, err);

	(void)d;
	if (rc)
		return rc;
	(void)lseek(k.fd, 0, SEEK_SET); /* our log is a file, which does not grow */
	text = pp_kmsg_drain(&k, &len);
	if (!text)
		rc = pp_err_set(err, -ENOMEM, "no memory for the kernel log");
	else if (strstr(text, PP_KMSG_OVERRAN))
		rc = pp_err_set(err, -EIO, "records of the kernel log are lost");
	free(text);
	pp_kmsg_close(&k);
	return rc;
}

static int run_kmsg_marks(const struct driver *d, struct pp_err *err)
{
	int rc = pp_kmsg_mark("here");

	(void)d;
	(void)err;
	(void)pp_taint_read();
	return rc ? rc : pp_warn_once_reset();
}

static int run_file_hazards(const struct driver *d, struct pp_err *err)
{
	int rc = pp_hazard_truncate(file(), 8 * PAGE, err);

	(void)d;
	if (!rc)
		rc = pp_hazard_fallocate(file(), PP_FALLOC_PUNCH, 0, PAGE, err);
	if (!rc)
		rc = pp_hazard_reflink(file(), file(), err);
	if (!rc)
		rc = pp_hazard_fadvise(file(), 0, PAGE, err);
	if (!rc)
		rc = pp_hazard_sync_range(file(), 0, PAGE, err);
	if (!rc)
		rc = pp_hazard_syncfs(world.dir, err);
	if (rc)
		return rc;
	rc = pp_hazard_freeze(world.dir, err);
	if (rc)
		return rc;
	rc = pp_hazard_thaw(world.dir, err);
	if (rc)
		(void)pp_hazard_thaw(world.dir, NULL);
	return rc;
}

static int run_memory_hazards(const struct driver *d, struct pp_err *err)
{
	int rc = pp_hazard_advise(memory(), PAGE, MADV_COLD, err);

	(void)d;
	if (!rc)
		rc = pp_hazard_migrate(memory(), 2 * PAGE, err);
	if (!rc)
		rc = pp_hazard_compact(err);
	if (!rc)
		rc = pp_hazard_drop_caches(err);
	return rc ? rc : pp_hazard_thp_split(memory(), 2 * PAGE, err);
}

static int run_nodes(const struct driver *d, struct pp_err *err)
{
	char nodes[64];
	int rc = pp_numa_nodes(nodes, sizeof(nodes), err);

	(void)d;
	if (rc >= 0)
		rc = pp_numa_balancing(err);
	return rc ? rc : pp_hazard_numa_balance(memory(), 2 * PAGE, BOUND_MS, err);
}

static int run_page_hazards(const struct driver *d, struct pp_err *err)
{
	int fd = __real_memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int rc = pp_hazard_protect(memory(), PAGE, PROT_READ | PROT_WRITE, err);

	(void)d;
	if (!rc)
		rc = pp_hazard_soft_clean(err);
	if (!rc)
		rc = pp_hazard_collapse(memory(), PAGE, err);
	if (!rc)
		rc = pp_hazard_soft_offline(memory(), 2 * PAGE, err);
	if (!rc)
		rc = pp_hazard_poison(memory(), 2 * PAGE, err);
	if (!rc)
		rc = pp_hazard_seal(fd, F_SEAL_GROW, err);
	__real_close(fd);
	return rc;
}

static int run_uffd(const struct driver *d, struct pp_err *err)
{
	int fd = -1, rc = pp_hazard_uffd_possible(true, err);

	(void)d;
	if (rc)
		return rc;
	rc = pp_hazard_uffd_protect(&fd, memory(), PAGE, err);
	if (fd >= 0)
		(void)pp_hazard_uffd_unprotect(&fd, NULL);
	return rc ? rc : pp_hazard_uffd_move(memory(), 2 * PAGE, err);
}

static int run_parts(const struct driver *d, struct pp_err *err)
{
	char path[128];
	int rc = pp_hazard_memory_block(0, path, sizeof(path), err);

	(void)d;
	if (!rc)
		rc = pp_hazard_offline(path, BOUND_MS, err);
	return rc ? rc : pp_hazard_dax_unbind("/dev/dax0.0", err);
}

static int run_ksm(const struct driver *d, struct pp_err *err)
{
	(void)d;
	return pp_hazard_ksm(memory(), PAGE, BOUND_MS, err);
}

static int run_memcg(const struct driver *d, struct pp_err *err)
{
	struct pp_memcg m;
	char dir[128];
	int rc = pp_memcg_enter(&m, world.dir, err), end;

	(void)d;
	if (rc)
		return rc;
	rc = pp_memcg_reclaim(&m, err);
	end = pp_memcg_leave(&m, rc ? NULL : err);
	if (end)
		(void)pp_memcg_leave(&m, NULL);
	snprintf(dir, sizeof(dir), "%s/cgroup", world.dir);
	if (!__real_rmdir(dir))
		hook_count(NODES, -1);
	return rc ? rc : end;
}

static const struct pp_io plain = { .split_bytes = PAGE, .depth = 2, .write = true },
			  fixed = { .split_bytes = PAGE, .depth = 4, .fixed = true },
			  chain = { .split_bytes = PAGE,
				    .depth = 2,
				    .write = true,
				    .mode = PP_MODE_LINKED | PP_MODE_FIXED_FILE },
			  thread = { .fixed = true, .write = true, .mode = PP_MODE_SQPOLL };

const struct driver drive_memory[] = {
	/* clang-format off */
	{ "pp_pinio_run", run_ring, &plain, .mapped = {} },
	{ "pp_pinio_run with a registered buffer", run_ring, &fixed, .mapped = {} },
	{ "pp_pinio_run of a chain with a fixed file", run_ring, &chain, .mapped = {} },
	{ "pp_pinio_run with a submitting thread", run_ring, &thread, .mapped = {
		{ CALL_io_uring_queue_init_params, NULL, SAYS_SO, "-EOPNOTSUPP for the second, as the header says" } } },
	{ "pp_pinio_vm_*, pp_pinio_vmsplice", run_short_pins, .mapped = {} },
	{ "pp_pinio_reopen_direct", run_direct, .mapped = {} },
	{ "pp_guard_install", run_guard, .mapped = {} },
	{ "pp_pages_*", run_pages, .mapped = {} },
	{ "pp_pins_*", run_pins, .mapped = {
		{ CALL_open, "stat_refresh", GOES_ON, "without it the counters do not count" },
		{ CALL_write, "stat_refresh", GOES_ON, "without it the counters do not count" } } },
	{ "pp_accounts_read", run_accounts, .mapped = {
		{ CALL_open, "stat_refresh", GOES_ON, "without it the counters do not count" },
		{ CALL_pwrite, "stat_refresh", GOES_ON, "without it the counters do not count" },
		{ CALL_open, "buddyinfo", GOES_ON, "the account is not known" },
		{ CALL_pread, "buddyinfo", GOES_ON, "the account is not known" },
		{ CALL_open, "hugepages", GOES_ON, "the account is not known" },
		{ CALL_open, "rcvd_pkts", GOES_ON, "the port counts, too" },
		{ CALL_opendir, NULL, GOES_ON, "the account is not known" },
		{ CALL_nlmsg_alloc_simple, NULL, GOES_ON, "the accounts are not known" },
		{ CALL_nla_put_u32, NULL, GOES_ON, "the accounts are not known" },
		{ CALL_socket, NULL, GOES_ON, "the accounts are not known" },
		{ CALL_bind, NULL, GOES_ON, "the accounts are not known" },
		{ CALL_setsockopt, NULL, GOES_ON, "the accounts are not known" },
		{ ANY_CALL, NULL, MAY_GO_ON, "what one account needs is no error of the others" } } },
	{ "pp_kmsg_open, pp_kmsg_drain", run_kmsg, .mapped = {
		{ CALL_lseek, NULL, MAY_GO_ON, "the second is the test's own" } } },
	{ "pp_kmsg_mark, pp_taint_read, pp_warn_once_reset", run_kmsg_marks, .silent = true, .mapped = {
		{ CALL_fopen, "tainted", GOES_ON, "0 if unreadable" },
		{ CALL___isoc99_fscanf, "tainted", GOES_ON, "0 if unreadable" } } },
	{ "pp_hazard_* of files", run_file_hazards, .mapped = {} },
	{ "pp_hazard_* of memory", run_memory_hazards, .mapped = {} },
	{ "pp_hazard_* of pages", run_page_hazards, .mapped = {} },
	{ "pp_numa_*, pp_hazard_numa_balance", run_nodes, .mapped = {} },
	{ "pp_hazard_uffd_*", run_uffd, .mapped = {
		{ CALL_madvise, NULL, GOES_ON, "huge pages are only not asked for" } } },
	{ "pp_hazard_offline, pp_hazard_dax_unbind", run_parts, .mapped = {} },
	{ "pp_hazard_ksm", run_ksm, .mapped = {} },
	{ "pp_memcg_*", run_memcg, .mapped = {
		{ CALL_rmdir, NULL, MAY_GO_ON, "the empty directory goes with the work directory" } } },
	/* clang-format on */
};
const size_t n_drive_memory = PP_ARRAY_LEN(drive_memory);
