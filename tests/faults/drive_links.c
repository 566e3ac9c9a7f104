/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults in the soft-RoCE link and the fabric. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/plan.h"
#include "core/words.h"
#include "drive.h"
#include "fakes.h"
#include "sys/fabric.h"
#include "sys/link.h"
#include "world.h"

#define PAGE 4096u

static int run_link(const struct driver *d, struct pp_err *err)
{
	struct pp_link link;
	int rc;

	(void)d;
	/* One module has to be loaded. */
	world_file("/sys/module/dummy/.keep", NULL);
	(void)__real_rmdir(world_path("/sys/module/dummy"));
	rc = pp_link_make(&link, err);
	world_file("/sys/module/dummy/.keep", "");
	if (rc)
		return rc;
	world.users = 1;
	rc = pp_link_remove(&link, err);
	if (rc)
		(void)pp_link_remove(&link, NULL);
	world.users = 0;
	return rc;
}

static int run_existing(const struct driver *d, struct pp_err *err)
{
	struct pp_link link;
	int rc;

	(void)d;
	fake_link_add("rxe0");
	rc = pp_link_existing("rxe0", &link, err);
	fake_links_forget();
	return rc;
}

static int run_sweep(const struct driver *d, struct pp_err *err)
{
	int n;

	(void)d;
	fake_link_add("pp" FAKE_DEAD_PID "r");
	fake_netdev_add("pp" FAKE_DEAD_PID "d");
	n = pp_link_sweep(err);
	fake_links_forget();
	return n < 0 ? n : 0;
}

static int transfer(struct pp_endpoint *ep, struct pp_fmr *mr, enum pp_transfer_kind kind,
		    struct pp_err *err)
{
	size_t length = kind == PP_TRANSFER_ADD || kind == PP_TRANSFER_SWAP ? 8 : PAGE;
	struct pp_far far = { .mr = mr, .length_bytes = length };
	uint64_t old;
	struct pp_transfer t = { .kind = kind,
				 .far = &far,
				 .n_far = 1,
				 .split_bytes = length / 2 > 8 ? length / 2 : 0,
				 .depth = 2,
				 .sges = length > 8 ? 2 : 0,
				 .old = &old,
				 .bound_ms = BOUND_MS };
	int rc = pp_endpoint_run(ep, &t, err);

	/* The pair was torn down: the next transfer brings it up again. */
	if (rc && pp_endpoint_run(ep, &t, NULL))
		return -EBADE;
	return rc;
}

static int use_endpoint(struct pp_fabric *f, struct pp_fmr *mr, enum pp_transfer_kind kind,
			struct pp_err *err)
{
	struct pp_endpoint *ep;
	int rc = pp_endpoint_open(f, PAGE, BOUND_MS, &ep, err);

	if (rc)
		return rc;
	memset(pp_endpoint_stage(ep), 0x31, PAGE);
	rc = transfer(ep, mr, kind, err);
	pp_endpoint_close(ep);
	return rc;
}

static const enum pp_transfer_kind slow = PP_TRANSFER_WRITE;

static int run_fabric(const struct driver *d, struct pp_err *err)
{
	static _Alignas(PAGE) char far[PAGE];
	const enum pp_transfer_kind *kind = d->arg;
	struct in_addr address = { .s_addr = htonl(0xc6120001u) };
	struct pp_fabric *f;
	struct pp_fmr *mr;
	int rc = pp_fabric_open(address, &f, err), end;

	if (rc)
		return rc;
	world.slow = kind == &slow;
	(void)pp_fabric_odp(f);
	rc = pp_fabric_reg(f, far, sizeof(far), PP_ACCESS_LW | PP_ACCESS_RW, &mr, err);
	if (!rc) {
		rc = use_endpoint(f, mr, *kind, err);
		end = pp_fabric_dereg(mr, rc ? NULL : err);
		/* The region is still the caller's, who tries again. */
		if (end)
			__real_free(mr);
		hook_count(MEMORY, end ? -1 : 0);
		rc = rc ? rc : end;
	}
	pp_fabric_close(f);
	world.slow = false;
	return rc;
}

static const enum pp_transfer_kind kinds[PP_TRANSFER_COUNT] = { 0, 1, 2, 3, 4, 5, 6 };

#define ENDPOINT                                                                                   \
	{ CALL_ibv_query_device, NULL, MAY_GO_ON, "pp_fabric_odp() says no" },                     \
	{                                                                                          \
		CALL_ibv_poll_cq, NULL, MAY_GO_ON, "a queue that is taken down need not be empty"  \
	}

const struct driver drive_links[] = {
	/* clang-format off */
	{ "pp_link_make, pp_link_remove", run_link, .mapped = {
		IGNORED("modules may be built in, and what is missing shows later"),
		{ CALL_access, "/sys/module", GOES_ON, "modprobe loads what is there already" },
		{ CALL_fgets, "/sys/class", GOES_ON, "it is read again until the bound" },
		{ CALL_fopen, "/sys/class", GOES_ON, "it is read again until the bound" } } },
	{ "pp_link_existing", run_existing, .mapped = {
		{ ANY_CALL, "/sys/class", SAYS_SO, "what cannot be looked at is none" },
		{ CALL_readdir, NULL, GOES_ON, "only the sentence of a refusal lists them" } } },
	{ "pp_link_sweep", run_sweep, .mapped = {
		{ CALL_opendir, NULL, GOES_ON, "swept as far as it goes" }, { CALL_readdir, NULL, GOES_ON, "swept as far as it goes" },
		{ CALL_socket, NULL, MAY_GO_ON, "swept as far as it goes" }, { CALL_ioctl, NULL, GOES_ON, "swept as far as it goes" },
		{ CALL_if_nameindex, NULL, GOES_ON, "swept as far as it goes" } } },
	{ "pp_endpoint_run of a WRITE", run_fabric, &kinds[PP_TRANSFER_WRITE], .mapped = { ENDPOINT } },
	{ "pp_endpoint_run asleep", run_fabric, &slow, .mapped = { ENDPOINT,
		{ CALL_ibv_get_cq_event, NULL, GOES_ON, "the queue is looked at anyway" } } },
	{ "pp_endpoint_run of a WRITE_WITH_IMM", run_fabric, &kinds[PP_TRANSFER_WRITE_IMM], .mapped = { ENDPOINT } },
	{ "pp_endpoint_run of a SEND", run_fabric, &kinds[PP_TRANSFER_SEND], .mapped = { ENDPOINT } },
	{ "pp_endpoint_run of a FETCH", run_fabric, &kinds[PP_TRANSFER_FETCH], .mapped = { ENDPOINT } },
	{ "pp_endpoint_run of a READ", run_fabric, &kinds[PP_TRANSFER_READ], .mapped = { ENDPOINT } },
	{ "pp_endpoint_run of an ADD", run_fabric, &kinds[PP_TRANSFER_ADD], .mapped = { ENDPOINT } },
	{ "pp_endpoint_run of a SWAP", run_fabric, &kinds[PP_TRANSFER_SWAP], .mapped = { ENDPOINT } },
	/* clang-format on */
};
const size_t n_drive_links = PP_ARRAY_LEN(drive_links);
