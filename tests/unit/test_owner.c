/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The owner's life and ends, with buffers of io_uring: needs neither root nor RDMA. */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/plan.h"
#include "sys/accounts.h"
#include "sys/clock.h"
#include "sys/owner.h"
#include "sys/pinio.h"

#define PAGES 4

static const char text[] = "pinproof-plan 1\n"
			   "case owner/memfd/uring-fixed\n"
			   "backing memfd\n"
			   "pinner uring-fixed\n"
			   "rules O7\n"
			   "bound 10s\n"
			   "region data backing=memfd size=16K\n"
			   "region heap backing=anon share=private size=16K\n"
			   "mr u0 region=data kind=uring\n"
			   "mr u1 region=heap kind=uring\n"
			   "mr m0 region=heap\n"
			   "actor main\n"
			   "op 1 main own-start\n";

static bool have_uring(void)
{
	struct pp_pinio *p;

	if (pp_pinio_open(&p, NULL))
		return false;
	pp_pinio_close(p);
	return true;
}

static struct pp_plan *open_owner(struct pp_owner *o)
{
	struct pp_plan *plan = NULL;
	struct pp_err err = { "" };

	CU_ASSERT_EQUAL_FATAL(pp_plan_parse(text, strlen(text), &plan, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pp_owner_open(o, plan, NULL, &err), 0);
	return plan;
}

static int start(struct pp_owner *o, struct pp_owner_limits limits)
{
	return pp_owner_start(o, &limits, NULL);
}

/* VmPin of the owner, or of its heir. */
static int64_t charged(const struct pp_owner *o, enum pp_account account)
{
	struct pp_account_pids of = { .owner = o->pid, .heir = o->heir };
	int64_t value[PP_ACCOUNT_COUNT];
	struct pp_accounts *a;
	int rc = pp_accounts_open(&(struct pp_account_place){ 0 }, &a, NULL);

	if (!rc) {
		rc = pp_accounts_read(a, &of, value, NULL);
		pp_accounts_close(a);
	}
	return rc ? -1 : value[account];
}

static int memfd(void)
{
	int fd = memfd_create("owner", MFD_CLOEXEC);

	CU_ASSERT_FATAL(fd >= 0 && !ftruncate(fd, PAGES * 4096));
	return fd;
}

static void registers_and_lets_go(void)
{
	struct pp_owner o;
	struct pp_plan *plan = open_owner(&o);
	int fd = memfd();

	CU_ASSERT_EQUAL(pp_owner_reg(&o, 0, fd, "", NULL), -ESRCH);
	CU_ASSERT_EQUAL_FATAL(start(&o, (struct pp_owner_limits){ 0 }), 0);
	CU_ASSERT_EQUAL(start(&o, (struct pp_owner_limits){ 0 }), -EEXIST);
	CU_ASSERT(o.pid > 0 && !o.heir);
	CU_ASSERT_EQUAL(pp_owner_reg(&o, 2, -1, "", NULL), -ENODEV);
	if (have_uring()) {
		CU_ASSERT_EQUAL(pp_owner_reg(&o, 0, fd, "", NULL), 0);
		CU_ASSERT_EQUAL(pp_owner_reg(&o, 0, fd, "", NULL), -EEXIST);
		CU_ASSERT_EQUAL(charged(&o, PP_ACCOUNT_OWNER_VMPIN), PAGES);
		CU_ASSERT_EQUAL(pp_owner_reg(&o, 1, -1, "", NULL), 0);
		CU_ASSERT_EQUAL(charged(&o, PP_ACCOUNT_OWNER_VMPIN), 2 * PAGES);
		CU_ASSERT_EQUAL(pp_owner_dereg(&o, 0, NULL), 0);
		CU_ASSERT_EQUAL(pp_owner_dereg(&o, 0, NULL), -EINVAL);
		CU_ASSERT_EQUAL(charged(&o, PP_ACCOUNT_OWNER_VMPIN), PAGES);
	}
	CU_ASSERT_EQUAL(pp_owner_end(&o, PP_OWNER_EXIT, NULL), 0);
	CU_ASSERT_EQUAL(o.pid, 0);
	CU_ASSERT_EQUAL(pp_owner_end(&o, PP_OWNER_EXIT, NULL), -ESRCH);
	close(fd);
	pp_owner_close(&o);
	pp_plan_free(plan);
}

/* What lacks a part is refused, and no charge stays. */
static void part_unmapped(void)
{
	struct pp_owner o;
	struct pp_plan *plan = open_owner(&o);

	CU_ASSERT_EQUAL_FATAL(start(&o, (struct pp_owner_limits){ 0 }), 0);
	CU_ASSERT_EQUAL(pp_owner_unmap(&o, 1, 8192, 8192, -1, "", NULL), 0);
	if (have_uring()) {
		CU_ASSERT_EQUAL(pp_owner_reg(&o, 1, -1, "", NULL), -EFAULT);
		CU_ASSERT_EQUAL(charged(&o, PP_ACCOUNT_OWNER_VMPIN), 0);
	}
	pp_owner_close(&o);
	pp_plan_free(plan);
}

static void an_heir_outlives_it(void)
{
	struct pp_owner o;
	struct pp_plan *plan = open_owner(&o);
	pid_t heir;

	CU_ASSERT_EQUAL(pp_owner_fork(&o, NULL), -ESRCH);
	CU_ASSERT_EQUAL_FATAL(start(&o, (struct pp_owner_limits){ 0 }), 0);
	CU_ASSERT_EQUAL(pp_owner_fork(&o, NULL), 0);
	CU_ASSERT_EQUAL(pp_owner_fork(&o, NULL), -EEXIST);
	heir = o.heir;
	CU_ASSERT_EQUAL(charged(&o, PP_ACCOUNT_HEIR_VMPIN), 0);
	CU_ASSERT_EQUAL(pp_owner_end(&o, PP_OWNER_KILL, NULL), 0);
	CU_ASSERT(!o.pid && o.heir == heir && !kill(heir, 0));
	CU_ASSERT_EQUAL(pp_owner_heir_end(&o, NULL), 0);
	CU_ASSERT(!o.heir && kill(heir, 0) && errno == ESRCH);
	CU_ASSERT_EQUAL(pp_owner_heir_end(&o, NULL), -ESRCH);
	pp_owner_close(&o);
	pp_plan_free(plan);
}

static void another_program(void)
{
	struct pp_owner o;
	struct pp_plan *plan = open_owner(&o);
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(start(&o, (struct pp_owner_limits){ 0 }), 0);
	if (have_uring())
		CU_ASSERT_EQUAL(pp_owner_reg(&o, 1, -1, "", NULL), 0);
	pid = o.pid;
	CU_ASSERT_EQUAL(pp_owner_end(&o, PP_OWNER_EXEC, NULL), 0);
	CU_ASSERT(o.pid == pid && !kill(pid, 0));
	CU_ASSERT_EQUAL(charged(&o, PP_ACCOUNT_OWNER_VMPIN), 0);
	CU_ASSERT_EQUAL(pp_owner_reg(&o, 1, -1, "", NULL), -ESRCH);
	CU_ASSERT_EQUAL(pp_owner_end(&o, PP_OWNER_EXIT, NULL), 0);
	CU_ASSERT(kill(pid, 0) && errno == ESRCH);
	pp_owner_close(&o);
	pp_plan_free(plan);
}

/* Nothing stays behind: not an owner, not an heir, not another program. */
static void closing_ends_all(void)
{
	struct pp_owner o;
	struct pp_plan *plan = open_owner(&o);
	pid_t pid, heir;

	CU_ASSERT_EQUAL_FATAL(start(&o, (struct pp_owner_limits){ 0 }), 0);
	CU_ASSERT_EQUAL(pp_owner_fork(&o, NULL), 0);
	CU_ASSERT_EQUAL(pp_owner_end(&o, PP_OWNER_EXEC, NULL), 0);
	pid = o.pid;
	heir = o.heir;
	pp_owner_close(&o);
	CU_ASSERT(pid > 0 && kill(pid, 0) && errno == ESRCH);
	CU_ASSERT(heir > 0 && kill(heir, 0) && errno == ESRCH);
	pp_owner_close(&o);
	pp_plan_free(plan);
}

static const struct pp_unit_case cases[] = {
	{ "it registers and lets go", registers_and_lets_go },
	{ "a part is unmapped", part_unmapped },
	{ "an heir outlives it", an_heir_outlives_it },
	{ "another program in its place", another_program },
	{ "closing ends all", closing_ends_all },
};

PP_UNIT_MAIN("owner", cases)
