/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registration, and what devices do with registered memory: work requests of every kind, O_DIRECT
 * transfers with a raw disk, registered buffers. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/exec_state.h"

#define CONNECT_MS 10000u
/* What bytes that never came would show. */
#define POISON 0xa5
/* Where on the raw disk an actor's transfers go: far apart, so that they never share a sector. */
#define VIA_STRIDE (16ull << 20)

static void vias_close(struct pp_worker *w)
{
	for (size_t i = 0; i < PP_FDS_VIAS && w->via[i].dev; i++) {
		close(w->via[i].fd);
		w->via[i].dev = NULL;
	}
}

/* The worker's stamps and observations live in the stage itself: nothing is copied to or from it.
 */
int pp_exec_worker_endpoint(struct pp_worker *w, size_t stage_bytes, struct pp_err *err)
{
	int rc = pp_endpoint_open(w->x->fabric, stage_bytes, CONNECT_MS, &w->endpoint, err);

	if (rc)
		return rc;
	free(w->buf);
	w->buf = pp_endpoint_stage(w->endpoint);
	return 0;
}

void pp_exec_worker_device_close(struct pp_worker *w)
{
	vias_close(w);
	if (!w->endpoint)
		return;
	pp_endpoint_close(w->endpoint);
	w->endpoint = NULL;
	w->buf = NULL;
}

/* Registration */

/* Does any operation on the buffer want a submitting thread? Then it is registered with that ring.
 */
static unsigned buffer_mode(const struct pp_plan *p, uint16_t mr)
{
	unsigned mode = 0;

	for (size_t i = 0; i < p->n_ops; i++)
		if (pp_verbs[p->ops[i].verb].target == PP_TARGET_MR && p->ops[i].object == mr)
			mode |= p->ops[i].mode;
	for (size_t i = 0; i < p->n_mixes; i++)
		if (pp_verbs[p->mixes[i].op.verb].target == PP_TARGET_MR &&
		    p->mixes[i].op.object == mr)
			mode |= p->mixes[i].op.mode;
	return mode & PP_MODE_SQPOLL;
}

/* Each buffer has a ring of its own: letting go of the only buffer waits until the kernel has,
 * which taking one from a table does not. */
static int reg_uring(struct pp_worker *w, const struct pp_target_ref *t, struct pp_exec_mr *mr)
{
	const struct pp_mr_def *def = &w->x->plan->mrs[t->op->object];
	int rc = pp_pinio_open(&mr->ring, &w->err);

	if (rc)
		return rc;
	rc = pp_pinio_register(mr->ring, pp_exec_memory_at(w, t), def->length_bytes,
			       buffer_mode(w->x->plan, t->op->object), &w->err);
	if (rc) {
		pp_pinio_close(mr->ring);
		mr->ring = NULL;
		return rc;
	}
	mr->fixed = true;
	mr->owner = w->actor;
	mr->addr = pp_exec_memory_at(w, t);
	return 0;
}

static int act_reg(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	const struct pp_mr_def *def = &w->x->plan->mrs[t->op->object];
	struct pp_exec_mr *mr = &w->x->mrs[t->op->object];
	int rc;

	(void)e;
	if (def->kind == PP_MR_URING)
		rc = reg_uring(w, t, mr);
	else
		rc = pp_fabric_reg(w->x->fabric, pp_exec_memory_at(w, t), def->length_bytes,
				   def->access, &mr->handle, &w->err);
	mr->absent = rc != 0;
	return rc;
}

static int dereg(struct pp_exec_mr *mr, struct pp_err *err)
{
	int rc;

	if (!mr->fixed) {
		rc = pp_fabric_dereg(mr->handle, err);
		if (!rc)
			mr->handle = NULL;
		return rc;
	}
	rc = pp_pinio_unregister(mr->ring, err);
	if (rc)
		return rc;
	pp_pinio_close(mr->ring);
	mr->ring = NULL;
	mr->fixed = false;
	return 0;
}

static int act_dereg(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	(void)e;
	return dereg(&w->x->mrs[t->op->object], &w->err);
}

void pp_exec_mrs_close(struct pp_exec *x)
{
	struct pp_err ignored = { 0 };

	for (size_t i = 0; x->mrs && i < x->plan->n_mrs; i++)
		if (pp_exec_mr_held(&x->mrs[i]))
			dereg(&x->mrs[i], &ignored);
}

/* Transfers by the fabric */

/* The registered MR over @region that reaches furthest from @at on, beside @not. */
static struct pp_exec_mr *mr_over(struct pp_exec *x, uint16_t region, uint64_t at,
				  const struct pp_exec_mr * not, uint64_t *first, uint64_t *end)
{
	struct pp_exec_mr *best = NULL;

	for (size_t i = 0; i < x->plan->n_mrs; i++) {
		const struct pp_mr_def *def = &x->plan->mrs[i];
		uint64_t to = def->offset_bytes + def->length_bytes;

		if (&x->mrs[i] == not || !x->mrs[i].handle || def->region != region ||
		    def->offset_bytes > at || to <= at || (best && to <= *end))
			continue;
		best = &x->mrs[i];
		*first = def->offset_bytes;
		*end = to;
	}
	return best;
}

/* The stretches of MRs that the range lies in: the operation's MR, and where that ends its
 * neighbours over the same region. How many, or -errno. */
static int far_of(struct pp_worker *w, const struct pp_target_ref *t, struct pp_far *far)
{
	const struct pp_mr_def *def = &w->x->plan->mrs[t->op->object];
	struct pp_exec_mr *mr = &w->x->mrs[t->op->object];
	uint64_t at = t->offset_bytes, to = at + t->length_bytes;
	uint64_t first = def->offset_bytes, end = first + def->length_bytes;
	int n = 0;

	if (def->kind != PP_MR_RXE)
		return pp_err_set(&w->err, -EINVAL, "%s is no MR of the fabric.", def->name);
	while (mr && n < (int)PP_ENDPOINT_SGES) {
		far[n].mr = mr->handle;
		far[n].offset_bytes = at - first;
		far[n].length_bytes = (size_t)((to < end ? to : end) - at);
		at += far[n++].length_bytes;
		if (at == to)
			return n;
		mr = mr_over(w->x, t->region, at, mr, &first, &end);
	}
	return pp_err_set(&w->err, -EINVAL, "no registered MR covers offset %llu of %s.",
			  (unsigned long long)at, w->x->plan->regions[t->region].name);
}

static int64_t run_transfer(struct pp_worker *w, const struct pp_target_ref *t,
			    struct pp_transfer *transfer)
{
	struct pp_far far[PP_ENDPOINT_SGES];
	int rc = far_of(w, t, far);

	if (rc < 0)
		return rc;
	transfer->far = far;
	transfer->n_far = (size_t)rc;
	transfer->bound_ms = t->bound_ms;
	rc = pp_endpoint_run(w->endpoint, transfer, &w->err);
	return rc ? rc : (int64_t)t->length_bytes;
}

static int64_t move(struct pp_worker *w, const struct pp_target_ref *t, enum pp_transfer_kind kind)
{
	struct pp_transfer transfer = {
		.kind = kind,
		.split_bytes = t->op->split_bytes,
		.depth = t->op->depth,
		.sges = t->op->sges,
	};

	return run_transfer(w, t, &transfer);
}

static int64_t put_rdma_write(struct pp_worker *w, const struct pp_target_ref *t)
{
	return move(w, t, PP_TRANSFER_WRITE);
}

static int64_t put_rdma_write_imm(struct pp_worker *w, const struct pp_target_ref *t)
{
	return move(w, t, PP_TRANSFER_WRITE_IMM);
}

static int64_t put_rdma_send(struct pp_worker *w, const struct pp_target_ref *t)
{
	return move(w, t, PP_TRANSFER_SEND);
}

static int64_t put_rdma_fetch(struct pp_worker *w, const struct pp_target_ref *t)
{
	return move(w, t, PP_TRANSFER_FETCH);
}

/* Old bytes in the stage must not pass for an answer that never came. */
static int prepare_rdma_read(struct pp_worker *w, const struct pp_target_ref *t)
{
	memset(w->buf, POISON, t->length_bytes);
	return 0;
}

static int64_t fetch_rdma_read(struct pp_worker *w, const struct pp_target_ref *t)
{
	return move(w, t, PP_TRANSFER_READ);
}

/* An atomic brings 8 bytes of the stamp, in place of what was there: so that is asked first. */
static int prepare_atomic(struct pp_worker *w, const struct pp_target_ref *t)
{
	uint64_t stamp;
	int64_t n;

	if (t->length_bytes != sizeof(stamp))
		return pp_err_set(&w->err, -EINVAL, "an atomic takes 8 bytes.");
	memcpy(&stamp, w->buf, sizeof(stamp));
	n = move(w, t, PP_TRANSFER_READ);
	memcpy(&w->atomic_before, w->buf, sizeof(stamp));
	memcpy(w->buf, &stamp, sizeof(stamp));
	return n < 0 ? (int)n : 0;
}

/* Something else was there than a moment ago: another writer's. A compare that failed wrote
 * nothing, a sum is nobody's stamp: -EAGAIN says that the outcome is not the stamp. */
static int64_t put_atomic(struct pp_worker *w, const struct pp_target_ref *t, bool swap)
{
	uint64_t stamp, old = 0;
	struct pp_transfer transfer = {
		.kind = swap ? PP_TRANSFER_SWAP : PP_TRANSFER_ADD,
		.compare = w->atomic_before,
		.old = &old,
	};
	int64_t n;

	memcpy(&stamp, w->buf, sizeof(stamp));
	transfer.operand = swap ? stamp : stamp - w->atomic_before;
	n = run_transfer(w, t, &transfer);
	if (n >= 0 && old != w->atomic_before)
		n = pp_err_set(&w->err, -EAGAIN, "another writer changed the 8 bytes meanwhile");
	return n;
}

static int64_t put_atomic_add(struct pp_worker *w, const struct pp_target_ref *t)
{
	return put_atomic(w, t, false);
}

static int64_t put_atomic_swap(struct pp_worker *w, const struct pp_target_ref *t)
{
	return put_atomic(w, t, true);
}

/* Transfers with a raw disk */

uint64_t pp_exec_via_offset(uint16_t actor)
{
	return actor * VIA_STRIDE;
}

/* A file of the worker's own on a filesystem, O_DIRECT. It does not stay open: an open file keeps
 * a filesystem mounted. */
static int via_file(struct pp_worker *w, uint16_t fs)
{
	char path[320];
	int fd;

	if (!w->x->fs[fs].mounted)
		return pp_err_set(&w->err, -ENODEV, "filesystem %s is not mounted.",
				  w->x->plan->fs[fs].name);
	snprintf(path, sizeof(path), "%s/via-%u", w->x->fs[fs].dir, w->actor);
	fd = open(path, O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
	return fd < 0 ? pp_err_set(&w->err, -errno, "open %s", path) : fd;
}

/* The disk, O_DIRECT; it stays open for the worker's next transfer. A file descriptor or -errno. */
static int via_disk(struct pp_worker *w, const struct pp_target_ref *t, const char *dev)
{
	size_t at = 0;

	if (!dev)
		return pp_err_set(&w->err, -ENODEV, "no device fills the slot %s", t->op->via);
	while (at < PP_FDS_VIAS && w->via[at].dev && strcmp(w->via[at].dev, dev))
		at++;
	if (at == PP_FDS_VIAS) { /* the oldest makes room */
		close(w->via[0].fd);
		memmove(&w->via[0], &w->via[1], (PP_FDS_VIAS - 1) * sizeof(w->via[0]));
		w->via[--at].dev = NULL;
	}
	if (w->via[at].dev)
		return w->via[at].fd;
	w->via[at].fd = open(dev, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (w->via[at].fd < 0)
		return pp_err_set(&w->err, -errno, "open %s", dev);
	w->via[at].dev = dev;
	return w->via[at].fd;
}

/* @below: the disk itself where a gate is named. Given back by via_put(). */
static int via_get(struct pp_worker *w, const struct pp_target_ref *t, bool below)
{
	uint16_t fs = pp_plan_via_fs(w->x->plan, t->op);

	if (fs != PP_NO_INDEX)
		return via_file(w, fs);
	return via_disk(
		w, t, below ? pp_exec_dev_below(w->x, t->op->via) : pp_exec_dev(w->x, t->op->via));
}

static void via_put(struct pp_worker *w, const struct pp_target_ref *t, int fd)
{
	if (pp_plan_via_fs(w->x->plan, t->op) != PP_NO_INDEX)
		close(fd);
}

/* Move w->buf to or from the disk itself, also below a gate: what is held must not hold up what
 * prepares it. */
static int via_buffer(struct pp_worker *w, const struct pp_target_ref *t, bool write)
{
	int fd = via_get(w, t, true);
	uint64_t offset = pp_exec_via_offset(w->actor);
	ssize_t n;
	int rc = 0;

	if (fd < 0)
		return fd;
	n = write ? pwrite(fd, w->buf, t->length_bytes, (off_t)offset)
		  : pread(fd, w->buf, t->length_bytes, (off_t)offset);
	if (n < 0)
		rc = pp_err_set(&w->err, -errno, "%s of what is on %s", write ? "write" : "read",
				t->op->via);
	else if ((size_t)n != t->length_bytes)
		rc = pp_err_set(&w->err, -EIO, "short transfer with %s.", t->op->via);
	via_put(w, t, fd);
	return rc;
}

/* The pinned transfer itself, between the mapping or the registered buffer and the raw disk. */
static int64_t via_memory(struct pp_worker *w, const struct pp_target_ref *t, bool write,
			  bool fixed)
{
	const struct pp_exec_mr *mr = fixed ? &w->x->mrs[t->op->object] : NULL;
	struct pp_io io = {
		.write = write,
		.fixed = fixed,
		.length_bytes = t->length_bytes,
		.offset_bytes = pp_exec_via_offset(w->actor),
		.split_bytes = t->op->split_bytes,
		.depth = t->op->depth,
		.mode = t->op->mode,
		.bound_ms = t->bound_ms,
	};
	int64_t moved;
	int rc;

	/* The kernel knows the buffer by the address that was registered, wherever the mapping
	 * went. */
	io.mem = fixed ? mr->addr + t->offset_bytes - w->x->plan->mrs[t->op->object].offset_bytes
		       : pp_exec_memory_at(w, t);
	io.fd = via_get(w, t, false);
	if (io.fd < 0)
		return io.fd;
	moved = pp_pinio_run(fixed ? mr->ring : w->pinio, &io, &w->err);
	via_put(w, t, io.fd);
	/* What a filesystem gives back of it is the filesystem's answer, not our preparation. */
	if (moved >= 0 && write && pp_plan_via_fs(w->x->plan, t->op) != PP_NO_INDEX) {
		rc = via_buffer(w, t, false);
		moved = rc ? rc : moved;
	}
	return moved;
}

static int prepare_dio_read(struct pp_worker *w, const struct pp_target_ref *t)
{
	return via_buffer(w, t, true);
}

static int64_t put_dio_read(struct pp_worker *w, const struct pp_target_ref *t)
{
	return via_memory(w, t, false, false);
}

/* The disk keeps what an earlier transfer left: fill it, so that only this transfer can show
 * stamps. A file is emptied: to fill it takes the way that a gate may hold. */
static int prepare_dio_write(struct pp_worker *w, const struct pp_target_ref *t)
{
	uint16_t fs = pp_plan_via_fs(w->x->plan, t->op);
	int fd, rc;

	if (fs != PP_NO_INDEX) {
		fd = via_file(w, fs);
		if (fd < 0)
			return fd;
		rc = ftruncate(fd, 0)
			     ? pp_err_set(&w->err, -errno, "truncate a file on %s", t->op->via)
			     : 0;
		close(fd);
		return rc;
	}
	memset(w->buf, POISON, t->length_bytes);
	return via_buffer(w, t, true);
}

static int64_t fetch_dio_write(struct pp_worker *w, const struct pp_target_ref *t)
{
	return via_memory(w, t, true, false);
}

static int finish_dio_write(struct pp_worker *w, const struct pp_target_ref *t)
{
	return pp_plan_via_fs(w->x->plan, t->op) == PP_NO_INDEX ? via_buffer(w, t, false) : 0;
}

/* A ring serves one thread: the actor that registered the buffer. */
static int fixed_possible(struct pp_worker *w, const struct pp_target_ref *t)
{
	const struct pp_exec_mr *mr = &w->x->mrs[t->op->object];

	if (!mr->fixed)
		return pp_err_set(&w->err, -EINVAL, "%s is no registered buffer.",
				  w->x->plan->mrs[t->op->object].name);
	if (mr->owner != w->actor)
		return pp_err_set(&w->err, -EINVAL, "%s is the buffer of another actor.",
				  w->x->plan->mrs[t->op->object].name);
	return 0;
}

static int prepare_fixed_read(struct pp_worker *w, const struct pp_target_ref *t)
{
	int rc = fixed_possible(w, t);

	return rc ? rc : prepare_dio_read(w, t);
}

static int64_t put_fixed_read(struct pp_worker *w, const struct pp_target_ref *t)
{
	return via_memory(w, t, false, true);
}

static int prepare_fixed_write(struct pp_worker *w, const struct pp_target_ref *t)
{
	int rc = fixed_possible(w, t);

	return rc ? rc : prepare_dio_write(w, t);
}

static int64_t fetch_fixed_write(struct pp_worker *w, const struct pp_target_ref *t)
{
	return via_memory(w, t, true, true);
}

/* clang-format off */
const struct pp_verb_impl pp_exec_device_verbs[] = {
	{ .verb = PP_VERB_REG, .act = act_reg },
	{ .verb = PP_VERB_DEREG, .act = act_dereg },
	{ .verb = PP_VERB_RDMA_WRITE, .put = put_rdma_write },
	{ .verb = PP_VERB_RDMA_WRITE_IMM, .put = put_rdma_write_imm },
	{ .verb = PP_VERB_RDMA_SEND, .put = put_rdma_send },
	{ .verb = PP_VERB_RDMA_FETCH, .put = put_rdma_fetch },
	{ .verb = PP_VERB_ATOMIC_ADD, .prepare = prepare_atomic, .put = put_atomic_add },
	{ .verb = PP_VERB_ATOMIC_SWAP, .prepare = prepare_atomic, .put = put_atomic_swap },
	{ .verb = PP_VERB_RDMA_READ, .prepare = prepare_rdma_read, .fetch = fetch_rdma_read },
	{ .verb = PP_VERB_DIO_READ, .prepare = prepare_dio_read, .put = put_dio_read },
	{ .verb = PP_VERB_DIO_WRITE, .prepare = prepare_dio_write, .fetch = fetch_dio_write,
	  .finish = finish_dio_write },
	{ .verb = PP_VERB_FIXED_READ, .prepare = prepare_fixed_read, .put = put_fixed_read },
	{ .verb = PP_VERB_FIXED_WRITE, .prepare = prepare_fixed_write, .fetch = fetch_fixed_write,
	  .finish = finish_dio_write },
	{ .verb = PP_VERB_NONE },
};
/* clang-format on */
