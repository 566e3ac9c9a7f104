/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fabric. Anywhere: an address without a device is an error with a
 * sentence. In a throw-away guest (PINPROOF_TEST_GUEST=1): data, refusals,
 * pins, and life after an error, on a link of our own.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/facts.h"
#include "core/plan.h"
#include "sys/clock.h"
#include "sys/fabric.h"
#include "sys/accounts.h"
#include "sys/link.h"
#include "sys/pins.h"

#define MIB      (1u << 20)
#define BOUND_MS 20000
#define ALL_RDMA (PP_ACCESS_LW | PP_ACCESS_RW | PP_ACCESS_RR)

static bool in_guest(void)
{
	const char *value = getenv("PINPROOF_TEST_GUEST");

	return value && !strcmp(value, "1");
}

static void no_device(void)
{
	struct in_addr nobody = { .s_addr = htonl(0xc6120001u) };
	struct pp_fabric *f = (void *)1;
	struct pp_err err = { "" };

	CU_ASSERT_TRUE(pp_fabric_open(nobody, &f, &err) < 0);
	CU_ASSERT_PTR_NULL(f);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "rdma_cm"));
	pp_fabric_close(NULL);
	pp_endpoint_close(NULL);
}

/* The child's checks: the first that fails is its whole answer. */
static int answer_fd;
static void answer(const char *text)
{
	_exit(write(answer_fd, text, strlen(text)) < 0 ? 1 : 0);
}

#define STRING1(x) #x
#define STRING(x)  STRING1(x)
#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			answer("line " STRING(__LINE__) ": " #cond);                               \
	} while (0)

static void fill(uint8_t *p, size_t len, uint32_t seed)
{
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525u + 1013904223u;
		p[i] = (uint8_t)(seed >> 24);
	}
}

static int64_t held(void)
{
	struct pp_pins p;

	if (pp_pins_read(&p, NULL) || !p.has_counters)
		return INT64_MIN;
	return (int64_t)(p.acquired - p.released);
}

/* Packets that the device has received. */
static int64_t packets(const char *ibdev)
{
	int64_t value[PP_ACCOUNT_COUNT];
	struct pp_accounts *a;
	int rc = pp_accounts_open(&(struct pp_account_place){ .ibdev = ibdev }, &a, NULL);

	if (!rc) {
		rc = pp_accounts_read(a, &(struct pp_account_pids){ 0 }, value, NULL);
		pp_accounts_close(a);
	}
	return rc ? -1 : value[PP_ACCOUNT_PACKETS];
}

/* Releases are deferred: soon enough. */
static bool falls_back_to(int64_t pages)
{
	uint64_t deadline = pp_deadline_ns(2000);

	while (held() != pages && pp_now_ns() < deadline)
		pp_pause_ms(2);
	return held() == pages;
}

static void *map(size_t len, int prot, int flags, int fd)
{
	return mmap(NULL, len, prot, flags, fd, 0);
}

static int plain(struct pp_endpoint *ep, enum pp_transfer_kind kind, struct pp_fmr *mr,
		 uint64_t offset, size_t stage_offset, size_t length, uint32_t bound_ms,
		 struct pp_err *err)
{
	struct pp_far far = { .mr = mr, .offset_bytes = offset, .length_bytes = length };
	struct pp_transfer t = { .kind = kind,
				 .far = &far,
				 .n_far = 1,
				 .stage_offset_bytes = stage_offset,
				 .bound_ms = bound_ms };

	return pp_endpoint_run(ep, &t, err);
}

#define WRITE(...) plain(ep, PP_TRANSFER_WRITE, __VA_ARGS__)
#define READ(...)  plain(ep, PP_TRANSFER_READ, __VA_ARGS__)

static void child_data(struct pp_fabric *f, struct pp_endpoint *ep)
{
	uint8_t *stage = pp_endpoint_stage(ep);
	uint8_t *mem = map(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	struct pp_fmr *mr;
	struct pp_pins pins;
	int64_t baseline = held();
	int64_t vmpin;

	CHECK(mem != MAP_FAILED && pp_endpoint_stage_bytes(ep) == 2 * MIB);
	CHECK(!pp_pins_read(&pins, NULL));
	vmpin = pins.vmpin_pages;
	CHECK(!pp_fabric_reg(f, mem, MIB, ALL_RDMA, &mr, NULL));
	CHECK(held() - baseline == 256);
	CHECK(!pp_pins_read(&pins, NULL) && pins.vmpin_pages - vmpin == 256);
	fill(stage, MIB, 1);
	CHECK(!WRITE(mr, 0, 0, MIB, BOUND_MS, NULL));
	CHECK(!memcmp(mem, stage, MIB));
	fill(mem, MIB, 2);
	CHECK(!READ(mr, 0, MIB, MIB, BOUND_MS, NULL));
	fill(stage, MIB, 2); /* what both must hold, so that a write in place of the read shows */
	CHECK(!memcmp(stage + MIB, stage, MIB) && !memcmp(mem, stage, MIB));
	fill(stage, MIB, 3);
	/* offsets on both sides */
	CHECK(!WRITE(mr, 12345, 777, 4099, BOUND_MS, NULL));
	CHECK(!memcmp(mem + 12345, stage + 777, 4099));
	CHECK(mem[12344] == stage[MIB + 12344] && mem[12345 + 4099] == stage[MIB + 12345 + 4099]);
	CHECK(WRITE(mr, 0, 2 * MIB, 1, BOUND_MS, NULL) == -EINVAL);
	CHECK(!pp_fabric_dereg(mr, NULL));
	CHECK(falls_back_to(baseline));
	munmap(mem, MIB);
}

static void child_refusals(struct pp_fabric *f)
{
	struct pp_facts facts = { 0 };
	struct utsname u;
	int memfd = memfd_create("t", 0), old;
	uint8_t *mem = map(8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	void *none = map(8192, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1), *ro;
	int64_t baseline = held();
	struct pp_err err = { "" };
	struct pp_fmr *mr;

	CHECK(!uname(&u) && !ftruncate(memfd, 8192));
	pp_facts_kernel(&facts, u.release, u.version);
	old = facts.version.major < 6 || (facts.version.major == 6 && facts.version.minor < 2);
	ro = map(8192, PROT_READ, MAP_SHARED, memfd);
	CHECK(pp_fabric_reg(f, none, 8192, PP_ACCESS_LW, &mr, &err) == -EFAULT);
	CHECK(!mr && strstr(err.text, "access lw"));
	CHECK(pp_fabric_reg(f, mem, 8192, PP_ACCESS_RW, &mr, NULL) == -EINVAL);
	CHECK(pp_fabric_reg(f, mem, 0, PP_ACCESS_LW, &mr, NULL) == -EINVAL);
	CHECK(pp_fabric_reg(f, mem, 8192, PP_ACCESS_LW | PP_ACCESS_OD, &mr, NULL) ==
	      (old ? -EINVAL : -EOPNOTSUPP));
	CHECK(pp_fabric_reg(f, (void *)0xffff888000000000, 4096, 0, &mr, NULL) == -EFAULT);
	CHECK(pp_fabric_reg(f, ro, 8192, PP_ACCESS_LW, &mr, NULL) == -EFAULT);
	CHECK(pp_fabric_reg(f, ro, 8192, PP_ACCESS_RR, &mr, NULL) == (old ? -EFAULT : 0));
	CHECK(old || !pp_fabric_dereg(mr, NULL));
	CHECK(!pp_fabric_odp(f) == (facts.version.major == 6 && facts.version.minor < 15));
	CHECK(held() == baseline);
}

/* Access that the MR does not give is refused by name, and the next operation works again. */
static void child_recovers(struct pp_fabric *f, struct pp_endpoint *ep)
{
	uint8_t *mem = map(8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	uint8_t *stage = pp_endpoint_stage(ep);
	struct pp_fmr *closed, *open;
	struct pp_err err = { "" };

	CHECK(!pp_fabric_reg(f, mem, 4096, PP_ACCESS_LW, &closed, NULL));
	CHECK(!pp_fabric_reg(f, mem + 4096, 4096, ALL_RDMA, &open, NULL));
	for (int round = 0; round < 3; round++) {
		fill(stage, 4096, 10 + (uint32_t)round);
		CHECK(WRITE(closed, 0, 0, 4096, BOUND_MS, &err) == -EIO);
		CHECK(strstr(err.text, "RDMA WRITE ended with: remote access error"));
		CHECK(!mem[0] && !mem[4095]);
		CHECK(!WRITE(open, 0, 0, 4096, BOUND_MS, NULL));
		CHECK(!memcmp(mem + 4096, stage, 4096));
		CHECK(READ(open, 4096, 0, 4096, BOUND_MS, &err) == -EIO);
	}
	CHECK(!pp_fabric_dereg(closed, NULL) && !pp_fabric_dereg(open, NULL));
}

/* A bound that has passed is a timeout or a success, never a wait; what was in flight is over with
 * it. */
static void child_times_out(struct pp_fabric *f, struct pp_endpoint *ep)
{
	uint8_t *mem = map(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	uint8_t *stage = pp_endpoint_stage(ep);
	struct pp_fmr *mr;
	int ret, timeouts = 0;

	CHECK(!pp_fabric_reg(f, mem, MIB, ALL_RDMA, &mr, NULL));
	for (int round = 0; round < 5; round++) {
		fill(stage, MIB, 20 + (uint32_t)round);
		ret = WRITE(mr, 0, 0, MIB, 0, NULL);
		CHECK(!ret || ret == -ETIMEDOUT);
		timeouts += ret == -ETIMEDOUT;
		memset(mem, 0, MIB);
		if (ret) {
			CHECK(!WRITE(mr, 0, 0, 4096, BOUND_MS, NULL));
			CHECK(!memcmp(mem, stage, 4096) && !mem[4096] && !mem[MIB - 1]);
		}
	}
	printf("%d of 5 writes with a bound of 0 ms timed out\n", timeouts);
	fflush(stdout);
	CHECK(!pp_fabric_dereg(mr, NULL));
	munmap(mem, MIB);
}

/* Two MRs side by side over one mapping: a transfer goes on from one into the other. */
struct ground {
	struct pp_fabric *fabric;
	struct pp_endpoint *ep;
	uint8_t *mem, *stage;
	struct pp_fmr *first, *second;
};

#define FIRST  (100 * 1024) /* bytes in the first MR; the second has the rest of 1 MiB */
#define BORDER (FIRST + 1000)

static void ground_open(struct ground *g, struct pp_fabric *f, struct pp_endpoint *ep)
{
	g->fabric = f;
	g->ep = ep;
	g->stage = pp_endpoint_stage(ep);
	g->mem = map(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	CHECK(g->mem != MAP_FAILED);
	CHECK(!pp_fabric_reg(f, g->mem, FIRST, ALL_RDMA | PP_ACCESS_RA, &g->first, NULL));
	CHECK(!pp_fabric_reg(f, g->mem + FIRST, MIB - FIRST, ALL_RDMA, &g->second, NULL));
}

static void ground_close(struct ground *g)
{
	CHECK(!pp_fabric_dereg(g->first, NULL) && !pp_fabric_dereg(g->second, NULL));
	munmap(g->mem, MIB);
}

/* [from, from + length) of the mapping as stretches of the two MRs. */
static size_t stretches(struct ground *g, size_t from, size_t length, struct pp_far *far)
{
	size_t n = 0, end = from + length;

	if (from < FIRST) {
		far[n++] = (struct pp_far){ g->first, from, (end < FIRST ? end : FIRST) - from };
		from = end < FIRST ? end : FIRST;
	}
	if (from < end)
		far[n++] = (struct pp_far){ g->second, from - FIRST, end - from };
	return n;
}

static const struct shape {
	size_t from, length, split;
	unsigned depth, sges;
} shapes[] = {
	/* clang-format off */
	{ 0,           4096,         0,     0,   0 },
	{ 4093,        1,            0,     1,   8 },
	{ 77,          64 * 1024,    0,     1,   1 },
	{ 77,          64 * 1024,    4096,  16,  1 },
	{ 4096,        90000,        1000,  128, 3 },
	{ 1,           99999,        7777,  5,   7 },
	{ 5,           50001,        0,     1,   32 },
	{ FIRST - 10,  20,           0,     1,   1 },
	{ 8,           BORDER,       0,     1,   4 },
	{ 8,           BORDER,       5000,  9,   5 },
	{ 0,           MIB,          65536, 8,   2 },
	{ FIRST - 1,   2,            1,     2,   1 },
	{ 3,           2000,         1,     200, 1 },
	/* clang-format on */
};

/* Every kind in every shape: the right bytes in the right place, and none beside it. */
static void child_shape(struct ground *g, enum pp_transfer_kind kind, const struct shape *s)
{
	static uint8_t before[MIB], sent[MIB];
	struct pp_far far[2];
	struct pp_transfer t = { .kind = kind,
				 .far = far,
				 .n_far = stretches(g, s->from, s->length, far),
				 .stage_offset_bytes = 333,
				 .split_bytes = s->split,
				 .depth = s->depth,
				 .sges = s->sges,
				 .bound_ms = BOUND_MS };
	uint8_t *stage = g->stage + t.stage_offset_bytes;
	struct pp_err err = { "" };
	int ret;

	fill(g->mem, MIB, 100 + (uint32_t)kind);
	fill(stage, MIB, 200 + (uint32_t)kind);
	memcpy(before, g->mem, MIB);
	memcpy(sent, stage, MIB);
	ret = pp_endpoint_run(g->ep, &t, &err);
	if (ret) {
		printf("kind %d, shape %u of %u: %s\n", kind, (unsigned)(s - shapes),
		       (unsigned)(sizeof(shapes) / sizeof(shapes[0])), err.text);
		fflush(stdout);
		answer(err.text);
	}
	if (kind == PP_TRANSFER_READ) {
		CHECK(!memcmp(g->mem, before, MIB));
		CHECK(!memcmp(stage, before + s->from, s->length));
		CHECK(!memcmp(stage + s->length, sent + s->length, MIB - s->length));
		return;
	}
	CHECK(!memcmp(stage, sent, MIB));
	CHECK(!memcmp(g->mem + s->from, sent, s->length));
	CHECK(!memcmp(g->mem, before, s->from));
	CHECK(!memcmp(g->mem + s->from + s->length, before + s->from + s->length,
		      MIB - s->from - s->length));
}

static void child_shapes(struct pp_fabric *f, struct pp_endpoint *ep)
{
	struct ground g;

	ground_open(&g, f, ep);
	for (int kind = 0; kind < PP_TRANSFER_ADD; kind++)
		for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
			child_shape(&g, (enum pp_transfer_kind)kind, &shapes[i]);
	ground_close(&g);
}

static void child_atomics(struct pp_fabric *f, struct pp_endpoint *ep)
{
	uint64_t old = 0, now;
	struct ground g;
	struct pp_far far;
	struct pp_transfer t = { .kind = PP_TRANSFER_ADD,
				 .far = &far,
				 .n_far = 1,
				 .operand = 5,
				 .old = &old,
				 .bound_ms = BOUND_MS };

	ground_open(&g, f, ep);
	far = (struct pp_far){ g.first, 64, 8 };
	now = 0x1122334455667788;
	memcpy(g.mem + 64, &now, 8);
	CHECK(!pp_endpoint_run(ep, &t, NULL));
	CHECK(old == 0x1122334455667788);
	memcpy(&now, g.mem + 64, 8);
	CHECK(now == 0x112233445566778d && !g.mem[63] && !g.mem[72]);
	t.kind = PP_TRANSFER_SWAP;
	t.operand = 99;
	t.compare = 1; /* is not there: nothing changes */
	CHECK(!pp_endpoint_run(ep, &t, NULL));
	CHECK(old == 0x112233445566778d && !memcmp(g.mem + 64, &now, 8));
	t.compare = old;
	CHECK(!pp_endpoint_run(ep, &t, NULL));
	memcpy(&now, g.mem + 64, 8);
	CHECK(old == 0x112233445566778d && now == 99);
	far.length_bytes = 16;
	CHECK(pp_endpoint_run(ep, &t, NULL) == -EINVAL);
	far = (struct pp_far){ g.second, 0, 8 }; /* no REMOTE_ATOMIC */
	CHECK(pp_endpoint_run(ep, &t, NULL) == -EIO);
	far = (struct pp_far){ g.first, 64, 8 };
	t.compare = 99;
	t.operand = 100;
	CHECK(!pp_endpoint_run(ep, &t, NULL) && g.mem[64] == 100);
	ground_close(&g);
}

/* A landing place that does not take what comes: said, and the next transfer works. */
static void child_refused_landing(struct pp_fabric *f, struct pp_endpoint *ep)
{
	static const enum pp_transfer_kind kinds[] = { PP_TRANSFER_SEND, PP_TRANSFER_FETCH,
						       PP_TRANSFER_WRITE_IMM };
	int memfd = memfd_create("t", 0);
	struct pp_err err = { "" };
	struct pp_fmr *closed;
	struct ground g;
	void *mem;

	ground_open(&g, f, ep);
	CHECK(!ftruncate(memfd, 8192));
	mem = map(8192, PROT_READ | PROT_WRITE, MAP_SHARED, memfd);
	CHECK(!pp_fabric_reg(f, mem, 8192, 0, &closed, NULL));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		err.text[0] = '\0';
		CHECK(plain(ep, kinds[i], closed, 0, 0, 4096, BOUND_MS, &err) == -EIO);
		printf("refused landing: %s\n", err.text);
		CHECK(err.text[0] && !*(char *)mem);
		fill(g.stage, 4096, 7);
		CHECK(!plain(ep, kinds[i], g.first, 0, 0, 4096, BOUND_MS, NULL));
		CHECK(!memcmp(g.mem, g.stage, 4096));
	}
	CHECK(!pp_fabric_dereg(closed, NULL));
	ground_close(&g);
}

/* As long as the port's largest message and a bit more, where that is not gigabytes. */
static void child_largest(struct pp_fabric *f)
{
	size_t length = pp_fabric_max_message_bytes(f);
	struct pp_endpoint *ep;
	struct pp_fmr *mr;
	uint8_t *mem, *stage;

	length = length > 8 * MIB ? 8 * MIB + 12345 : length + 12345;
	CHECK(!pp_endpoint_open(f, length, BOUND_MS, &ep, NULL));
	stage = pp_endpoint_stage(ep);
	mem = map(length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	CHECK(!pp_fabric_reg(f, mem, length, ALL_RDMA, &mr, NULL));
	fill(stage, length, 40);
	CHECK(!WRITE(mr, 0, 0, length, BOUND_MS, NULL));
	CHECK(!memcmp(mem, stage, length));
	memset(stage, 0, length);
	CHECK(!READ(mr, 0, 0, length, BOUND_MS, NULL));
	CHECK(!memcmp(mem, stage, length));
	CHECK(!pp_fabric_dereg(mr, NULL));
	pp_endpoint_close(ep);
	munmap(mem, length);
}

/* Threads with an endpoint each share the fabric. */
struct runner {
	struct pp_fabric *fabric;
	uint32_t seed;
	int ret;
};

static void *run_alone(void *arg)
{
	struct runner *r = arg;
	struct pp_endpoint *ep;
	struct ground g;

	r->ret = pp_endpoint_open(r->fabric, MIB + 4096, BOUND_MS, &ep, NULL);
	if (r->ret)
		return NULL;
	ground_open(&g, r->fabric, ep);
	for (uint32_t i = 0; !r->ret && i < 50; i++) {
		fill(g.stage, 30000, r->seed + i);
		r->ret = WRITE(g.first, i * 7, 0, 30000, BOUND_MS, NULL);
		if (!r->ret && memcmp(g.mem + i * 7, g.stage, 30000))
			r->ret = -EBADMSG;
	}
	ground_close(&g);
	pp_endpoint_close(ep);
	return NULL;
}

static void child_threads(struct pp_fabric *f)
{
	struct runner runners[4];
	pthread_t threads[4];

	for (uint32_t i = 0; i < 4; i++) {
		runners[i] = (struct runner){ .fabric = f, .seed = 1000 * i };
		CHECK(!pthread_create(&threads[i], NULL, run_alone, &runners[i]));
	}
	for (uint32_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		CHECK(!runners[i].ret);
	}
}

static void child_main(const struct pp_link *link)
{
	uint64_t start = pp_now_ns();
	int64_t baseline = held(), open;
	struct pp_endpoint *ep = NULL;
	struct pp_fabric *f = NULL;
	struct pp_err err = { "" };

	if (pp_fabric_open(link->address, &f, &err) ||
	    pp_endpoint_open(f, 2 * MIB, BOUND_MS, &ep, &err))
		answer(err.text);
	printf("fabric and endpoint opened in %u ms\n",
	       (unsigned)((pp_now_ns() - start) / 1000000));
	fflush(stdout);
	CHECK(pp_endpoint_path_mtu_bytes(ep) == 4096 && pp_fabric_max_sges(f) == 32);
	open = held();
	CHECK(baseline != INT64_MIN && open - baseline >= 1024);
	child_data(f, ep);
	child_refusals(f);
	child_recovers(f, ep);
	child_times_out(f, ep);
	child_shapes(f, ep);
	child_atomics(f, ep);
	child_refused_landing(f, ep);
	child_largest(f);
	child_threads(f);
	CHECK(falls_back_to(open));
	CHECK(packets(link->ibdev) > 1000000 / 4096);
	pp_endpoint_close(ep);
	pp_fabric_close(f);
	CHECK(falls_back_to(baseline));
	CHECK(!pp_fabric_open(link->address, &f, NULL));
	CHECK(!pp_endpoint_open(f, 4096, BOUND_MS, &ep, NULL));
	pp_endpoint_close(ep);
	pp_fabric_close(f);
	fflush(stdout);
	answer("ok");
}

static void connected_to_itself(void)
{
	struct pp_link link;
	struct pp_err err = { "" };
	char text[600] = "";
	int fds[2], status;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pp_link_make(&link, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		answer_fd = fds[1];
		child_main(&link);
	}
	close(fds[1]);
	CU_ASSERT_TRUE(read(fds[0], text, sizeof(text) - 1) > 0);
	close(fds[0]);
	PP_ASSERT_STR(text, "ok");
	if (strcmp(text, "ok"))
		printf("child: %s\n", text);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(pp_link_remove(&link, &err), 0);
}

static const struct pp_unit_case anywhere[] = {
	{ "no device", no_device },
};

static const struct pp_unit_case guest[] = {
	{ "no device", no_device },
	{ "connected to itself", connected_to_itself },
};

int main(void)
{
	if (in_guest())
		return pp_unit_main("fabric", guest, sizeof(guest) / sizeof(guest[0]));
	return pp_unit_main("fabric", anywhere, sizeof(anywhere) / sizeof(anywhere[0]));
}
