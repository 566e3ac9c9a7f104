/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Observers beyond the plain ones: a second process, io_uring, O_DIRECT of the file, fsck. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/exec_aside.h"
#include "sys/fs.h"
#include "sys/kmsg.h"
#include "sys/pages.h"

static bool plan_has(const struct pp_plan *p, enum pp_verb verb)
{
	for (size_t i = 0; i < p->n_ops; i++)
		if (p->ops[i].verb == verb)
			return true;
	for (size_t i = 0; i < p->n_mixes; i++)
		if (p->mixes[i].op.verb == verb)
			return true;
	return false;
}

static size_t longest_load(const struct pp_plan *p)
{
	size_t longest = PP_CELL_BYTES;

	for (size_t i = 0; i < p->n_ops; i++)
		if (p->ops[i].verb == PP_VERB_PEER_LOAD && p->ops[i].length_bytes > longest)
			longest = p->ops[i].length_bytes;
	for (size_t i = 0; i < p->n_mixes; i++)
		if (p->mixes[i].op.verb == PP_VERB_PEER_LOAD && p->mixes[i].max_bytes > longest)
			longest = p->mixes[i].max_bytes;
	return longest;
}

/* The cgroup is entered last: what was forked before stays outside and can remove it. */
static int enter_memcg(struct pp_exec *x, struct pp_err *err)
{
	struct pp_exec_peer *a = x->peer;
	int rc = pp_memcg_enter(&a->memcg, x->setup->workdir, err);

	if (rc)
		return rc;
	a->memcg_debt = pp_keeper_owe(&a->keeper, PP_DEBT_RMDIR, a->memcg.dir, "", err);
	return a->memcg_debt < 0 ? a->memcg_debt : 0;
}

/* The device that an owner opens, as the ledger expects it to; NULL: it needs none. */
static const char *owner_device(const struct pp_exec *x)
{
	return pp_ledger_owner_opens(x->plan) && x->setup->link ? x->setup->link->ibdev : NULL;
}

int pp_exec_peer_open(struct pp_exec *x, struct pp_err *err)
{
	const struct pp_plan *p = x->plan;
	bool link = plan_has(p, PP_VERB_LINK_DELETE);
	bool reclaim = plan_has(p, PP_VERB_RECLAIM);
	struct pp_exec_peer *a = calloc(1, sizeof(*a));
	int rc = 0;

	if (!a)
		return pp_err_set(err, -ENOMEM, "what stands beside the case");
	x->peer = a;
	pthread_mutex_init(&a->lock, NULL);
	a->memcg_debt = a->pool_debt = a->uffd = -1;
	a->frozen = malloc((p->n_fs + 1) * sizeof(*a->frozen));
	if (!a->frozen)
		return pp_err_set(err, -ENOMEM, "what stands beside the case");
	for (size_t i = 0; i <= p->n_fs; i++)
		a->frozen[i] = -1;
	if (link || reclaim || plan_has(p, PP_VERB_FREEZE) || plan_has(p, PP_VERB_KSM) ||
	    plan_has(p, PP_VERB_POOL_DRAIN) || plan_has(p, PP_VERB_OFFLINE))
		rc = pp_keeper_start(&a->keeper, err);
	if (!rc && (link || plan_has(p, PP_VERB_PEER_LOAD)))
		rc = pp_peer_start(&a->peer, longest_load(p), err);
	if (!rc && plan_has(p, PP_VERB_OWN_START))
		rc = pp_owner_open(&a->owner, p, owner_device(x), err);
	if (!rc && reclaim)
		rc = enter_memcg(x, err);
	return rc;
}

void pp_exec_peer_close(struct pp_exec *x)
{
	struct pp_exec_peer *a = x->peer;

	if (!a)
		return;
	if (!pp_memcg_leave(&a->memcg, NULL))
		pp_exec_paid(x, a->memcg_debt);
	pp_owner_close(&a->owner);
	if (a->uffd >= 0)
		close(a->uffd);
	pp_peer_stop(&a->peer);
	pp_keeper_stop(&a->keeper);
	pthread_mutex_destroy(&a->lock);
	free(a->frozen);
	free(a);
	x->peer = NULL;
}

void pp_exec_peer_forget(struct pp_exec *x, uint16_t fs)
{
	struct pp_exec_peer *a = x->peer;

	if (!a || !a->peer.pid)
		return;
	pthread_mutex_lock(&a->lock);
	for (size_t i = 0; i < x->plan->n_regions; i++)
		if (x->plan->regions[i].fs == fs)
			pp_peer_forget(&a->peer, (unsigned)i, NULL);
	pthread_mutex_unlock(&a->lock);
}

int pp_exec_owe(struct pp_worker *w, enum pp_debt debt, const char *path, const char *text)
{
	struct pp_exec_peer *a = w->x->peer;
	int number;

	pthread_mutex_lock(&a->lock);
	number = pp_keeper_owe(&a->keeper, debt, path, text, &w->err);
	pthread_mutex_unlock(&a->lock);
	return number;
}

int pp_exec_paid(struct pp_exec *x, int number)
{
	struct pp_exec_peer *a = x->peer;
	int rc;

	if (number < 0 || !a->keeper.pid)
		return -EINVAL;
	pthread_mutex_lock(&a->lock);
	rc = pp_keeper_paid(&a->keeper, number, NULL);
	pthread_mutex_unlock(&a->lock);
	return rc;
}

static int64_t fetch_peer_load(struct pp_worker *w, const struct pp_target_ref *t)
{
	struct pp_exec_peer *a = w->x->peer;
	struct pp_region *r = pp_exec_region_of(w, t);
	struct pp_peer_range range = { .key = t->region,
				       .fd = r->fd,
				       .map_bytes = (size_t)r->def->size_bytes,
				       .offset_bytes = t->offset_bytes,
				       .length_bytes = t->length_bytes };
	int rc;

	if (r->fd < 0)
		return pp_err_set(&w->err, -EOPNOTSUPP, "region %s has no file to map again",
				  r->def->name);
	pthread_mutex_lock(&a->lock);
	rc = pp_peer_load(&a->peer, &range, w->buf, &w->err);
	pthread_mutex_unlock(&a->lock);
	return rc ? rc : (int64_t)t->length_bytes;
}

int pp_exec_direct_open(struct pp_worker *w, const struct pp_target_ref *t)
{
	struct pp_region *r = pp_exec_region_of(w, t);

	return pp_pinio_reopen_direct(r->fd, !r->def->fd_readonly, &w->err);
}

int pp_exec_ring(struct pp_worker *w)
{
	return w->pinio ? 0 : pp_pinio_open(&w->pinio, &w->err);
}

int64_t pp_exec_file_io(struct pp_worker *w, const struct pp_target_ref *t, int fd, bool write,
			void *mem)
{
	struct pp_io io = { .fd = fd,
			    .write = write,
			    .front = !write && mem == w->buf,
			    .mem = mem,
			    .length_bytes = t->length_bytes,
			    .offset_bytes = t->offset_bytes,
			    .split_bytes = t->op->split_bytes,
			    .depth = t->op->depth,
			    .mode = t->op->mode,
			    .bound_ms = t->bound_ms };

	return pp_pinio_run(w->pinio, &io, &w->err);
}

static int prepare_ring(struct pp_worker *w, const struct pp_target_ref *t)
{
	int rc = pp_exec_file_ready(w, t);

	return rc ? rc : pp_exec_ring(w);
}

static int64_t fetch_uring_read(struct pp_worker *w, const struct pp_target_ref *t)
{
	return pp_exec_file_io(w, t, pp_exec_region_of(w, t)->fd, false, w->buf);
}

/* A plain call cannot do what split=, depth= and mode= ask for. */
static bool by_ring(const struct pp_target_ref *t)
{
	return t->op->split_bytes || t->op->depth || t->op->mode;
}

static int prepare_dio_pread(struct pp_worker *w, const struct pp_target_ref *t)
{
	return by_ring(t) ? prepare_ring(w, t) : pp_exec_file_ready(w, t);
}

static int64_t fetch_dio_pread(struct pp_worker *w, const struct pp_target_ref *t)
{
	int fd = pp_exec_direct_open(w, t);
	int64_t n;

	if (fd < 0)
		return fd;
	if (by_ring(t)) {
		n = pp_exec_file_io(w, t, fd, false, w->buf);
	} else {
		n = pread(fd, w->buf, t->length_bytes, (off_t)t->offset_bytes);
		if (n < 0)
			n = pp_err_set(&w->err, -errno, "O_DIRECT pread");
	}
	close(fd);
	return n;
}

#define HUGE_BYTES (2u << 20)

/* The kernel says nowhere how it maps a page of DAX; but the number of faults tells. */
static int act_await_huge(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	const struct pp_region_def *def = &w->x->plan->regions[t->region];
	uint64_t faults = 0, most = t->length_bytes / HUGE_BYTES;
	int rc;

	(void)e;
	if (def->share == PP_PRIVATE || t->length_bytes % HUGE_BYTES)
		return pp_err_set(&w->err, -EINVAL,
				  "await-huge takes whole 2 MiB of a shared mapping");
	rc = pp_pages_faults(pp_exec_memory_at(w, t), t->length_bytes, &faults, &w->err);
	if (rc)
		return rc;
	/* The thread's own stack and the like may take some more. */
	if (faults > 4 * most)
		return pp_err_set(&w->err, -ETIMEDOUT,
				  "%llu faults for %llu huge pages: something else maps them",
				  (unsigned long long)faults, (unsigned long long)most);
	return 0;
}

static int act_fsck(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	const struct pp_exec_fs *fs = &w->x->fs[t->op->object];
	int rc;

	(void)e;
	if (fs->mounted)
		return pp_err_set(&w->err, -EBUSY, "filesystem %s is mounted",
				  w->x->plan->fs[t->op->object].name);
	rc = pp_fs_check(&w->x->plan->fs[t->op->object], fs->dev, t->bound_ms, &w->err);
	if (rc)
		pp_kmsg_check(t->op->id, w->err.text);
	return rc;
}

/* clang-format off */
const struct pp_verb_impl pp_exec_look_verbs[] = {
	{ .verb = PP_VERB_PEER_LOAD, .prepare = pp_exec_file_ready, .fetch = fetch_peer_load },
	{ .verb = PP_VERB_URING_READ, .prepare = prepare_ring, .fetch = fetch_uring_read },
	{ .verb = PP_VERB_DIO_PREAD, .prepare = prepare_dio_pread, .fetch = fetch_dio_pread },
	{ .verb = PP_VERB_AWAIT_HUGE, .act = act_await_huge },
	{ .verb = PP_VERB_FSCK, .act = act_fsck },
	{ .verb = PP_VERB_NONE },
};
/* clang-format on */
