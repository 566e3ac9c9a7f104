/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fabric. Anywhere: an address without a device is an error with a
 * sentence. In a throw-away guest (PINPROOF_TEST_GUEST=1): data, refusals,
 * pins, and life after an error, on a link of our own.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
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

	CU_ASSERT_TRUE(pp_fabric_open(nobody, 4096, 1000, &f, &err) < 0);
	CU_ASSERT_PTR_NULL(f);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "rdma_cm"));
	pp_fabric_close(NULL);
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

static void *map(size_t len, int prot, int flags, int fd)
{
	return mmap(NULL, len, prot, flags, fd, 0);
}

static void child_data(struct pp_fabric *f)
{
	uint8_t *stage = pp_fabric_stage(f);
	uint8_t *mem = map(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	struct pp_fmr *mr;
	struct pp_pins pins;
	int64_t baseline = held();
	int64_t vmpin;

	CHECK(mem != MAP_FAILED && pp_fabric_stage_bytes(f) == 2 * MIB);
	CHECK(!pp_pins_read(&pins, NULL));
	vmpin = pins.vmpin_pages;
	CHECK(!pp_fabric_reg(f, mem, MIB, ALL_RDMA, &mr, NULL));
	CHECK(held() - baseline == 256);
	CHECK(!pp_pins_read(&pins, NULL) && pins.vmpin_pages - vmpin == 256);
	fill(stage, MIB, 1);
	CHECK(!pp_fabric_write(f, mr, 0, 0, MIB, BOUND_MS, NULL));
	CHECK(!memcmp(mem, stage, MIB));
	fill(mem, MIB, 2);
	CHECK(!pp_fabric_read(f, mr, 0, MIB, MIB, BOUND_MS, NULL));
	fill(stage, MIB, 2); /* what both must hold, so that a write in place of the read shows */
	CHECK(!memcmp(stage + MIB, stage, MIB) && !memcmp(mem, stage, MIB));
	fill(stage, MIB, 3);
	/* offsets on both sides */
	CHECK(!pp_fabric_write(f, mr, 12345, 777, 4099, BOUND_MS, NULL));
	CHECK(!memcmp(mem + 12345, stage + 777, 4099));
	CHECK(mem[12344] == stage[MIB + 12344] && mem[12345 + 4099] == stage[MIB + 12345 + 4099]);
	CHECK(pp_fabric_write(f, mr, 0, 2 * MIB, 1, BOUND_MS, NULL) == -EINVAL);
	CHECK(!pp_fabric_dereg(mr, NULL));
	CHECK(!pp_pins_settle(&pins, baseline, 0, 2000, NULL));
	CHECK(held() == baseline);
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
static void child_recovers(struct pp_fabric *f)
{
	uint8_t *mem = map(8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	uint8_t *stage = pp_fabric_stage(f);
	struct pp_fmr *closed, *open;
	struct pp_err err = { "" };

	CHECK(!pp_fabric_reg(f, mem, 4096, PP_ACCESS_LW, &closed, NULL));
	CHECK(!pp_fabric_reg(f, mem + 4096, 4096, ALL_RDMA, &open, NULL));
	for (int round = 0; round < 3; round++) {
		fill(stage, 4096, 10 + (uint32_t)round);
		CHECK(pp_fabric_write(f, closed, 0, 0, 4096, BOUND_MS, &err) == -EIO);
		CHECK(strstr(err.text, "RDMA WRITE ended with: remote access error"));
		CHECK(!mem[0] && !mem[4095]);
		CHECK(!pp_fabric_write(f, open, 0, 0, 4096, BOUND_MS, NULL));
		CHECK(!memcmp(mem + 4096, stage, 4096));
		CHECK(pp_fabric_read(f, open, 4096, 0, 4096, BOUND_MS, &err) == -EIO);
	}
	CHECK(!pp_fabric_dereg(closed, NULL) && !pp_fabric_dereg(open, NULL));
}

/* A bound that has passed is a timeout or a success, never a wait; what was in flight is over with
 * it. */
static void child_times_out(struct pp_fabric *f)
{
	uint8_t *mem = map(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	uint8_t *stage = pp_fabric_stage(f);
	struct pp_fmr *mr;
	int ret, timeouts = 0;

	CHECK(!pp_fabric_reg(f, mem, MIB, ALL_RDMA, &mr, NULL));
	for (int round = 0; round < 5; round++) {
		fill(stage, MIB, 20 + (uint32_t)round);
		ret = pp_fabric_write(f, mr, 0, 0, MIB, 0, NULL);
		CHECK(!ret || ret == -ETIMEDOUT);
		timeouts += ret == -ETIMEDOUT;
		memset(mem, 0, MIB);
		if (ret) {
			CHECK(!pp_fabric_write(f, mr, 0, 0, 4096, BOUND_MS, NULL));
			CHECK(!memcmp(mem, stage, 4096) && !mem[4096] && !mem[MIB - 1]);
		}
	}
	printf("%d of 5 writes with a bound of 0 ms timed out\n", timeouts);
	fflush(stdout);
	CHECK(!pp_fabric_dereg(mr, NULL));
	munmap(mem, MIB);
}

static void child_main(const struct pp_link *link)
{
	uint64_t start = pp_now_ns();
	int64_t baseline = held(), open;
	struct pp_fabric *f;
	struct pp_err err = { "" };
	struct pp_pins pins;

	if (pp_fabric_open(link->address, 2 * MIB, BOUND_MS, &f, &err))
		answer(err.text);
	printf("fabric opened in %u ms\n", (unsigned)((pp_now_ns() - start) / 1000000));
	fflush(stdout);
	CHECK(pp_fabric_path_mtu_bytes(f) == 4096);
	open = held();
	CHECK(baseline != INT64_MIN && open - baseline >= 512);
	child_data(f);
	child_refusals(f);
	child_recovers(f);
	child_times_out(f);
	CHECK(held() == open);
	CHECK(pp_link_packets(link->ibdev) > 1000000 / 4096);
	pp_fabric_close(f);
	CHECK(!pp_pins_settle(&pins, baseline, 0, 2000, NULL));
	CHECK(held() == baseline);
	CHECK(!pp_fabric_open(link->address, 4096, BOUND_MS, &f, NULL));
	pp_fabric_close(f);
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
