/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the kernel counts pins where it does not do so page by page: one table, and who asks it. */
#include "core/ledger.h"

#define PAGE_BYTES 4096u
#define HUGE_BYTES (2u << 20)
#define HUGE_PAGES (HUGE_BYTES / PAGE_BYTES)
#define MOST_BLOCK (2ull << 30) /* of memory that goes offline at once, on the largest machines */

#define FROM_6_5  (1u << PP_ERA_6_5)
#define UP_TO_6_4 (1u << PP_ERA_5_6 | 1u << PP_ERA_6_2)
#define ALWAYS    (FROM_6_5 | UP_TO_6_4 | 1u << PP_ERA_UNKNOWN)
#define RXE       (1u << PP_MR_RXE)
#define URING     (1u << PP_MR_URING)
/* Memory in huge pages; regions of these backings begin at one. */
#define IN_HUGE_PAGES                                                                              \
	(1u << PP_BACKING_ANON_THP | 1u << PP_BACKING_HUGETLB | 1u << PP_BACKING_DEVDAX)

static const uint8_t direct_io[] = { PP_VERB_DIO_PREAD, PP_VERB_DIO_PWRITE, PP_VERB_SELF_READ,
				     PP_VERB_SELF_WRITE, PP_VERB_NONE };

static const uint8_t going_offline[] = { PP_VERB_OFFLINE, PP_VERB_NONE };

/* clang-format off */
const struct pp_asymmetry pp_asymmetries[] = {
	{
		.name = "on-demand MRs hold no pins",
		.eras = ALWAYS, .mr_kinds = RXE, .access = PP_ACCESS_OD,
		.counted = PP_COUNT_NONE, .charged = PP_COUNT_NONE,
		.reference = "drivers/infiniband/core/umem_odp.c: pages come by MMU notifier",
	},
	{
		.name = "registered buffers are charged whole huge pages",
		.eras = UP_TO_6_4 | 1u << PP_ERA_UNKNOWN, .mr_kinds = URING,
		.backings = IN_HUGE_PAGES,
		.counted = PP_COUNT_PAGES, .charged = PP_COUNT_HUGE_PAGES,
		.reference = "io_uring/rsrc.c, io_buffer_account_pin(): compound_head() is charged once",
	},
	{
		.name = "registered buffers keep one pin of a huge page",
		.eras = FROM_6_5, .mr_kinds = URING, .backings = IN_HUGE_PAGES,
		.counted = PP_COUNT_HUGE, .charged = PP_COUNT_HUGE_PAGES,
		.reference = "io_uring/rsrc.c, io_sqe_buffer_register(): coalescing gives back the others "
			     "(57bebf807e2a, 6.5)",
	},
	{
		.name = "old direct I/O counts off what it never counted",
		.eras = FROM_6_5, .verbs = direct_io, .backings = 1u << PP_BACKING_VFAT,
		.drift_per_page = -2,
		.reference = "mm/gup.c, folio_add_pin(), used by dio_pin_page() of fs/direct-io.c: adds a "
			     "pin without counting it (1ccf164ec866, 6.5)",
	},
	{
		.name = "memory that goes offline takes its free huge pages along",
		.eras = ALWAYS, .verbs = going_offline,
		.pool_pages = MOST_BLOCK / HUGE_BYTES,
		.reference = "mm/memory_hotplug.c, offline_pages(): free huge pages of the block are "
			     "dissolved, and the pool is that much smaller for ever",
	},
};
/* clang-format on */
const size_t pp_n_asymmetries = PP_ARRAY_LEN(pp_asymmetries);

/* Pages of @unit bytes that [from, to) touches. */
static int64_t touched(uint64_t from, uint64_t to, uint64_t unit)
{
	return (int64_t)((to + unit - 1) / unit - from / unit);
}

static bool covers(const struct pp_asymmetry *a, enum pp_era era, enum pp_backing backing)
{
	return a->eras & 1u << era && (!a->backings || a->backings & 1u << backing);
}

struct pp_pinned pp_ledger_pinned(const struct pp_plan *plan, const struct pp_mr_def *mr,
				  enum pp_era era)
{
	uint64_t from = mr->offset_bytes, to = from + mr->length_bytes;
	int64_t pages = touched(from, to, PAGE_BYTES), huge = touched(from, to, HUGE_BYTES);
	const int64_t count[] = {
		[PP_COUNT_PAGES] = pages,
		[PP_COUNT_HUGE] = huge,
		[PP_COUNT_HUGE_PAGES] = huge * HUGE_PAGES,
		[PP_COUNT_NONE] = 0,
	};

	for (size_t i = 0; i < pp_n_asymmetries; i++) {
		const struct pp_asymmetry *a = &pp_asymmetries[i];

		if (a->mr_kinds & 1u << mr->kind &&
		    covers(a, era, plan->regions[mr->region].backing) &&
		    (!a->access || a->access & mr->access))
			return (struct pp_pinned){ count[a->counted], count[a->charged] };
	}
	return (struct pp_pinned){ pages, pages };
}

/* A strict plan counts pages, whatever the kernel is known to do. */
static bool speaks_of(const struct pp_asymmetry *a, unsigned verb, const struct pp_plan *plan)
{
	if (a->drift_per_page && plan->strict & PP_STRICT_COUNTS)
		return false;
	for (const uint8_t *v = a->verbs; v && *v != PP_VERB_NONE; v++)
		if (*v == verb)
			return true;
	return false;
}

bool pp_asymmetry_speaks(const struct pp_plan *plan, unsigned verb, enum pp_era era)
{
	for (size_t i = 0; i < pp_n_asymmetries; i++)
		for (size_t r = 0; r < plan->n_regions; r++)
			if (speaks_of(&pp_asymmetries[i], verb, plan) &&
			    covers(&pp_asymmetries[i], era, plan->regions[r].backing))
				return true;
	return false;
}

const struct pp_asymmetry *pp_asymmetry_of(const struct pp_plan *plan, const struct pp_event *e,
					   enum pp_era era)
{
	for (size_t i = 0; i < pp_n_asymmetries; i++)
		if (speaks_of(&pp_asymmetries[i], e->verb, plan) && e->object < plan->n_regions &&
		    covers(&pp_asymmetries[i], era, plan->regions[e->object].backing))
			return &pp_asymmetries[i];
	return NULL;
}

int64_t pp_ledger_drift(const struct pp_plan *plan, const struct pp_event *e, enum pp_era era)
{
	const struct pp_asymmetry *a = pp_asymmetry_of(plan, e, era);

	return a ? a->drift_per_page * touched(e->offset_bytes, e->offset_bytes + e->length_bytes,
					       PAGE_BYTES)
		 : 0;
}

int64_t pp_ledger_dissolved(const struct pp_plan *plan, const struct pp_event *e, enum pp_era era)
{
	const struct pp_asymmetry *a = pp_asymmetry_of(plan, e, era);

	return a ? a->pool_pages : 0;
}
