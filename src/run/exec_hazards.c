/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What filesystem and mm do meanwhile: how each hazard of the plan is carried out. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "run/exec_aside.h"
#include "sys/child.h"
#include "sys/hazard.h"

struct pp_exec_child {
	struct pp_child child;
};

#define ACT(name)                                                                                  \
	static int act_##name(struct pp_worker *w, const struct pp_target_ref *t,                  \
			      struct pp_event *e)

/* The file behind the region, made if nobody did yet: a file descriptor or -errno. */
static int file_of(struct pp_worker *w, const struct pp_target_ref *t)
{
	int rc = pp_exec_file_ready(w, t), fd = rc ? rc : pp_exec_region_of(w, t)->fd;

	if (!rc && fd < 0)
		return pp_err_set(&w->err, -EBADF, "region %s has no open file",
				  pp_exec_region_of(w, t)->def->name);
	return fd;
}

/* Files */

ACT(truncate)
{
	int fd = file_of(w, t);

	(void)e;
	return fd < 0 ? fd : pp_hazard_truncate(fd, t->offset_bytes, &w->err);
}

ACT(extend)
{
	int fd = file_of(w, t);

	(void)e;
	return fd < 0 ? fd
		      : pp_hazard_truncate(fd, pp_exec_region_of(w, t)->def->size_bytes, &w->err);
}

static int falloc(struct pp_worker *w, const struct pp_target_ref *t, enum pp_falloc how)
{
	int fd = file_of(w, t);

	return fd < 0 ? fd
		      : pp_hazard_fallocate(fd, how, t->offset_bytes, t->length_bytes, &w->err);
}

ACT(punch)
{
	(void)e;
	return falloc(w, t, PP_FALLOC_PUNCH);
}

ACT(zero_range)
{
	(void)e;
	return falloc(w, t, PP_FALLOC_ZERO);
}

ACT(collapse)
{
	(void)e;
	return falloc(w, t, PP_FALLOC_COLLAPSE);
}

ACT(insert)
{
	(void)e;
	return falloc(w, t, PP_FALLOC_INSERT);
}

ACT(reflink)
{
	struct pp_exec *x = w->x;
	int from = file_of(w, t), rc;

	(void)e;
	if (from < 0)
		return from;
	pthread_mutex_lock(&x->lock);
	rc = pp_exec_region_ready(x, t->op->to, &w->err);
	pthread_mutex_unlock(&x->lock);
	return rc ? rc : pp_hazard_reflink(from, x->regions[t->op->to].r.fd, &w->err);
}

ACT(fadvise)
{
	int fd = file_of(w, t);

	(void)e;
	return fd < 0 ? fd : pp_hazard_fadvise(fd, t->offset_bytes, t->length_bytes, &w->err);
}

ACT(sync_range)
{
	int fd = file_of(w, t);

	(void)e;
	return fd < 0 ? fd : pp_hazard_sync_range(fd, t->offset_bytes, t->length_bytes, &w->err);
}

static const char *dir_of(struct pp_worker *w, const struct pp_target_ref *t)
{
	return w->x->fs[t->op->object].dir;
}

ACT(syncfs)
{
	(void)e;
	return pp_hazard_syncfs(dir_of(w, t), &w->err);
}

/* The debt comes first: a frozen filesystem outlives us. */
ACT(freeze)
{
	int *debt = &w->x->peer->frozen[t->op->object];
	int number = pp_exec_owe(w, PP_DEBT_THAW, dir_of(w, t), ""), rc;

	(void)e;
	if (number < 0)
		return number;
	rc = pp_hazard_freeze(dir_of(w, t), &w->err);
	if (rc)
		pp_exec_paid(w->x, number);
	else
		*debt = number;
	return rc;
}

/* Whoever comes late finds it thawed by the keeper. */
ACT(thaw)
{
	int *debt = &w->x->peer->frozen[t->op->object];
	int rc = pp_hazard_thaw(dir_of(w, t), &w->err);

	(void)e;
	if (rc && rc != -EINVAL)
		return rc;
	if (pp_exec_paid(w->x, *debt) == 1)
		rc = 0;
	*debt = -1;
	return rc;
}

/* O_DIRECT between the file and its own mapping, at the same offsets. */
static int64_t self_transfer(struct pp_worker *w, const struct pp_target_ref *t, bool write)
{
	int rc = pp_exec_ring(w), fd = rc ? rc : file_of(w, t);
	int64_t n;

	if (fd >= 0)
		fd = pp_exec_direct_open(w, t);
	if (fd < 0)
		return fd;
	n = pp_exec_file_io(w, t, fd, write, pp_exec_memory_at(w, t));
	close(fd);
	return n < 0 ? n : 0;
}

ACT(self_read)
{
	(void)e;
	return (int)self_transfer(w, t, false);
}

ACT(self_write)
{
	(void)e;
	return (int)self_transfer(w, t, true);
}

/* It is a write of stamps, and its hazard is that cached pages are thrown away. */
static int prepare_dio_pwrite(struct pp_worker *w, const struct pp_target_ref *t)
{
	int rc = pp_exec_file_ready(w, t);

	return rc ? rc : pp_exec_ring(w);
}

static int64_t put_dio_pwrite(struct pp_worker *w, const struct pp_target_ref *t)
{
	int fd = pp_exec_direct_open(w, t);
	int64_t n;

	if (fd < 0)
		return fd;
	n = pp_exec_file_io(w, t, fd, true, w->buf);
	close(fd);
	return n;
}

/* Memory */

static int advise(struct pp_worker *w, const struct pp_target_ref *t, int advice)
{
	return pp_hazard_advise(pp_exec_memory_at(w, t), t->length_bytes, advice, &w->err);
}

ACT(dontneed)
{
	(void)e;
	return advise(w, t, MADV_DONTNEED);
}

ACT(pageout)
{
	(void)e;
	return advise(w, t, MADV_PAGEOUT);
}

ACT(mremap)
{
	(void)e;
	return pp_region_move(pp_exec_region_of(w, t), &w->err);
}

ACT(migrate)
{
	(void)e;
	return pp_hazard_migrate(pp_exec_memory_at(w, t), t->length_bytes, &w->err);
}

ACT(compact)
{
	(void)t;
	(void)e;
	return pp_hazard_compact(&w->err);
}

ACT(drop_caches)
{
	(void)t;
	(void)e;
	return pp_hazard_drop_caches(&w->err);
}

ACT(reclaim)
{
	(void)t;
	(void)e;
	return pp_memcg_reclaim(&w->x->peer->memcg, &w->err);
}

ACT(thp_split)
{
	(void)e;
	return pp_hazard_thp_split(pp_exec_memory_at(w, t), t->length_bytes, &w->err);
}

ACT(ksm)
{
	char before[32];
	int rc = pp_control_read(PP_KSM_RUN, before, sizeof(before), &w->err), debt;

	(void)e;
	if (rc)
		return rc;
	debt = pp_exec_owe(w, PP_DEBT_WRITE, PP_KSM_RUN, before);
	if (debt < 0)
		return debt;
	rc = pp_hazard_ksm(pp_exec_memory_at(w, t), t->length_bytes, t->bound_ms, &w->err);
	pp_exec_paid(w->x, debt);
	return rc;
}

/* The debt comes first: the pool outlives us. */
ACT(pool_drain)
{
	struct pp_exec_peer *a = w->x->peer;
	int rc;

	(void)t;
	(void)e;
	if (a->pool_debt >= 0)
		return pp_err_set(&w->err, -EEXIST, "the pool is drained already");
	rc = pp_control_read(PP_POOL_SIZE, a->pool, sizeof(a->pool), &w->err);
	if (rc)
		return rc;
	a->pool_debt = pp_exec_owe(w, PP_DEBT_WRITE, PP_POOL_SIZE, a->pool);
	return a->pool_debt < 0 ? a->pool_debt : pp_hazard_pool_drain(&w->err);
}

ACT(pool_refill)
{
	struct pp_exec_peer *a = w->x->peer;
	int rc;

	(void)t;
	(void)e;
	if (a->pool_debt < 0)
		return pp_err_set(&w->err, -ENOENT, "the pool has not been drained");
	rc = pp_hazard_pool_refill(a->pool, &w->err);
	if (rc)
		return rc;
	pp_exec_paid(w->x, a->pool_debt);
	a->pool_debt = -1;
	return 0;
}

/* Children */

static int start_child(struct pp_worker *w, int pipe, const void *mem, size_t length)
{
	struct pp_exec_child *c;
	int rc;

	if (w->child)
		return pp_err_set(&w->err, -EEXIST, "this actor has a child already");
	c = calloc(1, sizeof(*c));
	if (!c)
		return pp_err_set(&w->err, -ENOMEM, "no memory for a child");
	rc = pp_child_start(&c->child, pipe, mem, length, &w->err);
	if (rc)
		free(c);
	else
		w->child = c;
	if (!rc)
		atomic_store(&w->child_pid, c->child.pid);
	return rc;
}

ACT(fork)
{
	(void)t;
	(void)e;
	return start_child(w, -1, NULL, 0);
}

ACT(child_hold)
{
	const void *mem = pp_exec_memory_at(w, t);
	int rc = pp_exec_worker_pipe(w, mem, t->length_bytes);

	(void)e;
	if (rc)
		return rc;
	rc = start_child(w, w->held_pipe[1], mem, t->length_bytes);
	if (rc)
		pp_exec_worker_unhold(w);
	return rc;
}

static int end_child(struct pp_worker *w, int by_signal)
{
	int rc;

	if (!w->child)
		return pp_err_set(&w->err, -ECHILD, "this actor has no child");
	rc = pp_child_end(&w->child->child, by_signal, &w->err);
	if (rc == -EINTR)
		return rc;
	atomic_store(&w->child_pid, 0);
	free(w->child);
	w->child = NULL;
	return rc;
}

ACT(reap)
{
	(void)t;
	(void)e;
	return end_child(w, 0);
}

ACT(kill)
{
	(void)t;
	(void)e;
	return end_child(w, 1);
}

pid_t pp_exec_child_pid(const struct pp_worker *w)
{
	return w->child ? w->child->child.pid : 0;
}

void pp_exec_worker_unfork(struct pp_worker *w)
{
	while (w->child && end_child(w, 1) == -EINTR)
		;
}

/* The link */

ACT(link_delete)
{
	struct pp_exec_peer *a = w->x->peer;
	int fd = file_of(w, t), debt, rc;
	struct pp_peer_range range = { .fd = fd,
				       .map_bytes =
					       (size_t)pp_exec_region_of(w, t)->def->size_bytes,
				       .offset_bytes = t->offset_bytes,
				       .length_bytes = t->length_bytes };

	(void)e;
	if (fd < 0)
		return fd;
	debt = pp_exec_owe(w, PP_DEBT_LINKS, "", "");
	if (debt < 0)
		return debt;
	pthread_mutex_lock(&a->lock);
	rc = pp_peer_link_delete(&a->peer, &range, t->bound_ms, &w->err);
	pthread_mutex_unlock(&a->lock);
	/* Interrupted, it is still at work: then the keeper sweeps behind it. */
	if (rc != -EINTR)
		pp_exec_paid(w->x, debt);
	return rc;
}

/* clang-format off */
const struct pp_verb_impl pp_exec_hazard_verbs[] = {
	{ .verb = PP_VERB_TRUNCATE, .act = act_truncate },
	{ .verb = PP_VERB_EXTEND, .act = act_extend },
	{ .verb = PP_VERB_PUNCH, .act = act_punch },
	{ .verb = PP_VERB_ZERO_RANGE, .act = act_zero_range },
	{ .verb = PP_VERB_COLLAPSE, .act = act_collapse },
	{ .verb = PP_VERB_INSERT, .act = act_insert },
	{ .verb = PP_VERB_REFLINK, .act = act_reflink },
	{ .verb = PP_VERB_FADVISE, .act = act_fadvise },
	{ .verb = PP_VERB_SYNC_RANGE, .act = act_sync_range },
	{ .verb = PP_VERB_SYNCFS, .act = act_syncfs },
	{ .verb = PP_VERB_FREEZE, .act = act_freeze },
	{ .verb = PP_VERB_THAW, .act = act_thaw },
	{ .verb = PP_VERB_SELF_READ, .act = act_self_read },
	{ .verb = PP_VERB_SELF_WRITE, .act = act_self_write },
	{ .verb = PP_VERB_DIO_PWRITE, .prepare = prepare_dio_pwrite, .put = put_dio_pwrite },
	{ .verb = PP_VERB_DONTNEED, .act = act_dontneed },
	{ .verb = PP_VERB_PAGEOUT, .act = act_pageout },
	{ .verb = PP_VERB_MREMAP, .act = act_mremap },
	{ .verb = PP_VERB_MIGRATE, .act = act_migrate },
	{ .verb = PP_VERB_COMPACT, .act = act_compact },
	{ .verb = PP_VERB_DROP_CACHES, .act = act_drop_caches },
	{ .verb = PP_VERB_RECLAIM, .act = act_reclaim },
	{ .verb = PP_VERB_THP_SPLIT, .act = act_thp_split },
	{ .verb = PP_VERB_KSM, .act = act_ksm },
	{ .verb = PP_VERB_POOL_DRAIN, .act = act_pool_drain },
	{ .verb = PP_VERB_POOL_REFILL, .act = act_pool_refill },
	{ .verb = PP_VERB_FORK, .act = act_fork },
	{ .verb = PP_VERB_CHILD_HOLD, .act = act_child_hold },
	{ .verb = PP_VERB_REAP, .act = act_reap },
	{ .verb = PP_VERB_KILL, .act = act_kill },
	{ .verb = PP_VERB_LINK_DELETE, .act = act_link_delete },
	{ .verb = PP_VERB_NONE },
};
/* clang-format on */
