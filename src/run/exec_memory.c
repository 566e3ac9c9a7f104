/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hazards of pages by other means than exec_hazards.c: protection, userfaultfd, seals, huge pages,
 * and parts of the machine that are taken away. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "run/exec_aside.h"
#include "sys/hazard.h"
#include "sys/pages.h"

#define ACT(name)                                                                                  \
	static int act_##name(struct pp_worker *w, const struct pp_target_ref *t,                  \
			      struct pp_event *e)

/* Whole pages around the range of the operation. */
static void *pages_of(struct pp_worker *w, const struct pp_target_ref *t, size_t *length)
{
	uintptr_t at = (uintptr_t)pp_exec_memory_at(w, t);
	uintptr_t start = at & ~(uintptr_t)(PP_PAGE_LOOK_BYTES - 1);

	*length = at + t->length_bytes - start;
	*length = (*length + PP_PAGE_LOOK_BYTES - 1) & ~(size_t)(PP_PAGE_LOOK_BYTES - 1);
	return (void *)start;
}

static int protect(struct pp_worker *w, const struct pp_target_ref *t, int prot)
{
	size_t length;
	void *start = pages_of(w, t, &length);

	return pp_hazard_protect(start, length, prot, &w->err);
}

ACT(protect_r)
{
	(void)e;
	return protect(w, t, PROT_READ);
}

ACT(protect_none)
{
	(void)e;
	return protect(w, t, PROT_NONE);
}

ACT(protect_rw)
{
	(void)e;
	return protect(w, t, PROT_READ | PROT_WRITE);
}

ACT(soft_clean)
{
	(void)t;
	(void)e;
	return pp_hazard_soft_clean(&w->err);
}

ACT(uffd_protect)
{
	struct pp_exec_peer *a = w->x->peer;
	size_t length;
	void *start = pages_of(w, t, &length);
	int rc;

	(void)e;
	pthread_mutex_lock(&a->lock);
	rc = pp_hazard_uffd_protect(&a->uffd, start, length, &w->err);
	pthread_mutex_unlock(&a->lock);
	return rc;
}

ACT(uffd_unprotect)
{
	struct pp_exec_peer *a = w->x->peer;
	int rc;

	(void)t;
	(void)e;
	pthread_mutex_lock(&a->lock);
	rc = pp_hazard_uffd_unprotect(&a->uffd, &w->err);
	pthread_mutex_unlock(&a->lock);
	return rc;
}

ACT(uffd_move)
{
	size_t length;
	void *start = pages_of(w, t, &length);

	(void)e;
	return pp_hazard_uffd_move(start, length, &w->err);
}

ACT(madv_free)
{
	size_t length;
	void *start = pages_of(w, t, &length);

	(void)e;
	return pp_hazard_advise(start, length, MADV_FREE, &w->err);
}

ACT(thp_collapse)
{
	size_t length;
	void *start = pages_of(w, t, &length);

	(void)e;
	return pp_hazard_collapse(start, length, &w->err);
}

static int seal(struct pp_worker *w, const struct pp_target_ref *t, int seals)
{
	int rc = pp_exec_file_ready(w, t);

	return rc ? rc : pp_hazard_seal(pp_exec_region_of(w, t)->fd, seals, &w->err);
}

ACT(seal_write)
{
	(void)e;
	return seal(w, t, F_SEAL_WRITE);
}

ACT(seal_future)
{
	(void)e;
	return seal(w, t, F_SEAL_FUTURE_WRITE);
}

/* The block of memory that the first page of the range is in. */
static int block_of(struct pp_worker *w, const struct pp_target_ref *t, char *path, size_t size)
{
	struct pp_page_info page;
	struct pp_pages pages;
	int rc = pp_pages_open(&pages, 0, &w->err);

	if (rc)
		return rc;
	rc = pp_pages_look(&pages, pp_exec_memory_at(w, t), 1, &page, &w->err);
	pp_pages_close(&pages);
	if (!rc && !page.frame)
		rc = pp_err_set(&w->err, -ENXIO, "no page is mapped there");
	return rc ? rc : pp_hazard_memory_block(page.frame, path, size, &w->err);
}

/* The debt comes first: if we are gone in between, the block stays offline. */
ACT(offline)
{
	char path[128];
	int rc = block_of(w, t, path, sizeof(path)), debt;

	(void)e;
	if (rc)
		return rc;
	debt = pp_exec_owe(w, PP_DEBT_WRITE, path, "online_movable");
	if (debt < 0)
		return debt;
	/* Half of what the plan grants: the kernel that tries for ever is no hang but an answer. */
	rc = pp_hazard_offline(path, t->bound_ms / 2, &w->err);
	pp_exec_paid(w->x, debt);
	return rc;
}

ACT(numa_balance)
{
	(void)e;
	return pp_hazard_numa_balance(pp_exec_memory_at(w, t), t->length_bytes, t->bound_ms / 2,
				      &w->err);
}

ACT(soft_offline)
{
	size_t length;
	void *start = pages_of(w, t, &length);

	(void)e;
	return pp_hazard_soft_offline(start, length, &w->err);
}

ACT(poison)
{
	size_t length;
	void *start = pages_of(w, t, &length);

	(void)e;
	return pp_hazard_poison(start, length, &w->err);
}

ACT(dax_unbind)
{
	const char *dev = pp_exec_region_dev(w->x, t->region);

	(void)e;
	if (!dev)
		return pp_err_set(&w->err, -ENODEV, "the region is on no device");
	return pp_hazard_dax_unbind(dev, &w->err);
}

const struct pp_verb_impl pp_exec_memory_verbs[] = {
	{ .verb = PP_VERB_PROTECT_R, .act = act_protect_r },
	{ .verb = PP_VERB_PROTECT_NONE, .act = act_protect_none },
	{ .verb = PP_VERB_PROTECT_RW, .act = act_protect_rw },
	{ .verb = PP_VERB_SOFT_CLEAN, .act = act_soft_clean },
	{ .verb = PP_VERB_UFFD_PROTECT, .act = act_uffd_protect },
	{ .verb = PP_VERB_UFFD_UNPROTECT, .act = act_uffd_unprotect },
	{ .verb = PP_VERB_UFFD_MOVE, .act = act_uffd_move },
	{ .verb = PP_VERB_MADV_FREE, .act = act_madv_free },
	{ .verb = PP_VERB_THP_COLLAPSE, .act = act_thp_collapse },
	{ .verb = PP_VERB_SEAL_WRITE, .act = act_seal_write },
	{ .verb = PP_VERB_SEAL_FUTURE, .act = act_seal_future },
	{ .verb = PP_VERB_OFFLINE, .act = act_offline },
	{ .verb = PP_VERB_NUMA_BALANCE, .act = act_numa_balance },
	{ .verb = PP_VERB_DAX_UNBIND, .act = act_dax_unbind },
	{ .verb = PP_VERB_SOFT_OFFLINE, .act = act_soft_offline },
	{ .verb = PP_VERB_POISON, .act = act_poison },
	{ .verb = PP_VERB_NONE },
};
