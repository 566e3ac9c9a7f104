/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints: a queue pair to ourselves with its stage, and transfers that end within their bound.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sys/clock.h"
#include "sys/fabric.h"
#include "sys/fabric_cm.h"

#define CQ_DEPTH   (4 * PP_ENDPOINT_DEPTH) /* completions of both sides, and of a dead pair */
#define CQ_BATCH   32
#define SPIN_NS    50000u /* a completion comes sooner than a sleeper would wake */
#define SPIN_LOOKS 16     /* between two looks at the clock */
#define PAGE_BYTES 4096u
#define POISON     0x5a

/* wr_id: number of the work request, and whose completion it is. */
#define WR_RECV (1ull << 63)

static const struct kind {
	const char *what;
	enum ibv_wr_opcode opcode;
	bool recv;       /* consumes a RECV of the responder */
	bool recv_lands; /* which has the MRs' elements */
	bool local_far;  /* the requester's own elements are the MRs' */
	bool reads;      /* bytes come to the stage */
	bool atomic;
} kinds[PP_TRANSFER_COUNT] = {
	/* clang-format off */
	[PP_TRANSFER_WRITE]     = { .what = "RDMA WRITE", .opcode = IBV_WR_RDMA_WRITE },
	[PP_TRANSFER_WRITE_IMM] = { .what = "RDMA WRITE_WITH_IMM",
				    .opcode = IBV_WR_RDMA_WRITE_WITH_IMM, .recv = true },
	[PP_TRANSFER_SEND]      = { .what = "RDMA SEND", .opcode = IBV_WR_SEND, .recv = true,
				    .recv_lands = true },
	[PP_TRANSFER_FETCH]     = { .what = "RDMA READ of the stage", .opcode = IBV_WR_RDMA_READ,
				    .local_far = true },
	[PP_TRANSFER_READ]      = { .what = "RDMA READ", .opcode = IBV_WR_RDMA_READ,
				    .reads = true },
	[PP_TRANSFER_ADD]       = { .what = "RDMA FETCH_ADD", .opcode = IBV_WR_ATOMIC_FETCH_AND_ADD,
				    .atomic = true },
	[PP_TRANSFER_SWAP]      = { .what = "RDMA CMP_SWP", .opcode = IBV_WR_ATOMIC_CMP_AND_SWP,
				    .atomic = true },
	/* clang-format on */
};

/* One transfer on its way. */
struct flow {
	struct pp_endpoint *ep;
	const struct pp_transfer *t;
	const struct kind *kind;
	struct pp_err *err;
	size_t total, posted_bytes;
	size_t far;       /* stretch that the next piece is in */
	uint64_t in_far;  /* how far in it */
	uint32_t posted;  /* work requests */
	uint32_t sent;    /* of these completed at the requester */
	uint32_t arrived; /* RECVs completed */
	unsigned depth;
};

/* A work request with its elements; room for one batch is the endpoint's caller's stack. */
struct piece {
	size_t at, length; /* in the transfer */
	size_t n_near, n_far;
	struct ibv_sge near[PP_ENDPOINT_SGES], far[PP_ENDPOINT_SGES];
	uint64_t remote_addr;
	uint32_t rkey;
};

static int make_stage(struct pp_endpoint *ep, struct pp_err *err)
{
	size_t all = 2 * ep->stage_bytes + PAGE_BYTES;

	ep->stage = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ep->stage == MAP_FAILED) {
		ep->stage = NULL;
		return pp_err_set(err, -errno, "no memory for a stage of %zu bytes", all);
	}
	ep->stage_mr = ibv_reg_mr(ep->fabric->pd, ep->stage, all,
				  IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ);
	if (!ep->stage_mr)
		return pp_err_set(err, -errno, "cannot register the stage");
	return 0;
}

static int make_verbs(struct pp_endpoint *ep, struct pp_err *err)
{
	struct ibv_context *verbs = ep->fabric->verbs;
	int flags;

	ep->channel = ibv_create_comp_channel(verbs);
	if (!ep->channel)
		return pp_err_set(err, -errno, "cannot make a completion channel");
	flags = fcntl(ep->channel->fd, F_GETFL);
	if (flags < 0 || fcntl(ep->channel->fd, F_SETFL, flags | O_NONBLOCK))
		return pp_err_set(err, -errno, "cannot make the completion channel nonblocking");
	ep->cq = ibv_create_cq(verbs, CQ_DEPTH, NULL, ep->channel, 0);
	if (!ep->cq)
		return pp_err_set(err, -errno, "cannot make a completion queue");
	return make_stage(ep, err);
}

int pp_endpoint_open(struct pp_fabric *f, size_t stage_bytes, uint32_t bound_ms,
		     struct pp_endpoint **out, struct pp_err *err)
{
	uint64_t deadline = pp_deadline_ns(bound_ms);
	struct pp_endpoint *ep = calloc(1, sizeof(*ep));
	int ret;

	*out = NULL;
	if (!ep)
		return pp_err_set(err, -ENOMEM, "no memory for an endpoint");
	ep->fabric = f;
	ep->stage_bytes = (stage_bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	ret = pp_cm_listen(ep, err);
	if (!ret)
		ret = make_verbs(ep, err);
	if (!ret)
		ret = pp_cm_connect(ep, deadline, err);
	if (ret) {
		pp_endpoint_close(ep);
		return ret;
	}
	*out = ep;
	return 0;
}

void pp_endpoint_close(struct pp_endpoint *ep)
{
	if (!ep)
		return;
	pp_cm_disconnect(ep);
	if (ep->stage_mr)
		ibv_dereg_mr(ep->stage_mr);
	if (ep->stage)
		munmap(ep->stage, 2 * ep->stage_bytes + PAGE_BYTES);
	if (ep->cq)
		ibv_destroy_cq(ep->cq);
	if (ep->channel)
		ibv_destroy_comp_channel(ep->channel);
	pp_cm_unbind(&ep->events, &ep->listener);
	free(ep);
}

void *pp_endpoint_stage(struct pp_endpoint *ep)
{
	return ep->stage;
}

size_t pp_endpoint_stage_bytes(const struct pp_endpoint *ep)
{
	return ep->stage_bytes;
}

unsigned pp_endpoint_path_mtu_bytes(const struct pp_endpoint *ep)
{
	return ep->path_mtu_bytes;
}

static unsigned sges_of(const struct pp_transfer *t)
{
	return t->sges ? t->sges : 1;
}

/* Length of the piece that begins at @at of the transfer and @left before its stretch ends. */
static size_t piece_length(const struct flow *f, size_t at, size_t left)
{
	size_t length = f->total - at;

	if (f->t->split_bytes && f->t->split_bytes < length)
		length = f->t->split_bytes;
	if (f->ep->fabric->max_message_bytes < length)
		length = f->ep->fabric->max_message_bytes;
	/* A remote address lies in one MR; local elements may be of several. */
	if (!f->kind->recv_lands && !f->kind->local_far && left < length)
		length = left;
	return length;
}

/* Element @k of @n of a piece: where it begins and ends in the piece. */
static void element(size_t length, unsigned n, unsigned k, size_t *from, size_t *to)
{
	*from = length / n * k;
	*to = k + 1 == n ? length : length / n * (k + 1);
}

/* Near elements: every second one beyond the stage proper, so that bytes taken from one stretch
 * of memory would be the wrong ones. */
static void near_elements(const struct flow *f, struct piece *p)
{
	unsigned n = f->kind->local_far ? 1 : sges_of(f->t);
	size_t from, to;

	if (n > p->length)
		n = (unsigned)p->length;
	for (unsigned k = 0; k < n; k++) {
		element(p->length, n, k, &from, &to);
		p->near[k] = (struct ibv_sge){
			.addr = (uintptr_t)f->ep->stage + f->t->stage_offset_bytes + p->at + from +
				(k & 1 ? f->ep->stage_bytes : 0),
			.length = (uint32_t)(to - from),
			.lkey = f->ep->stage_mr->lkey,
		};
	}
	p->n_near = n;
}

/* Far elements: a piece is cut into sges, and where one MR's stretch ends and the next begins. */
static int far_elements(struct flow *f, struct piece *p)
{
	const struct pp_far *far = &f->t->far[f->far];
	unsigned n = sges_of(f->t);
	size_t done = 0, from, to, take;

	if (n > p->length)
		n = (unsigned)p->length;
	for (unsigned k = 0; k < n; done += take) {
		element(p->length, n, k, &from, &to);
		take = to - done;
		if (f->in_far + take > far->length_bytes)
			take = far->length_bytes - f->in_far;
		if (p->n_far == f->ep->fabric->max_sges)
			return pp_err_set(f->err, -EINVAL,
					  "an %s would need more than %u elements.", f->kind->what,
					  f->ep->fabric->max_sges);
		p->far[p->n_far++] = (struct ibv_sge){
			.addr = (uintptr_t)far->mr->mr->addr + far->offset_bytes + f->in_far,
			.length = (uint32_t)take,
			.lkey = far->mr->mr->lkey,
		};
		f->in_far += take;
		if (f->in_far == far->length_bytes) {
			far = &f->t->far[++f->far];
			f->in_far = 0;
		}
		k += done + take == to;
	}
	return 0;
}

/* The next piece of the transfer. */
static int cut_piece(struct flow *f, struct piece *p)
{
	const struct pp_far *far = &f->t->far[f->far];
	uintptr_t stage = (uintptr_t)f->ep->stage;

	p->at = f->posted_bytes;
	p->length = piece_length(f, p->at, far->length_bytes - f->in_far);
	p->n_far = 0;
	p->remote_addr = (uintptr_t)far->mr->mr->addr + far->offset_bytes + f->in_far;
	p->rkey = far->mr->mr->rkey;
	f->posted_bytes += p->length;
	if (f->kind->atomic) {
		p->near[0] = (struct ibv_sge){ .addr = stage + 2 * f->ep->stage_bytes,
					       .length = 8,
					       .lkey = f->ep->stage_mr->lkey };
		p->n_near = 1;
		return 0;
	}
	near_elements(f, p);
	if (f->kind->recv_lands || f->kind->local_far) {
		if (f->kind->local_far) {
			p->remote_addr = p->near[0].addr;
			p->rkey = f->ep->stage_mr->rkey;
		}
		return far_elements(f, p);
	}
	f->in_far += p->length;
	if (f->in_far == far->length_bytes) {
		f->far++;
		f->in_far = 0;
	}
	return 0;
}

static int post_recv(struct flow *f, struct piece *p, uint32_t number)
{
	struct ibv_recv_wr wr = { .wr_id = WR_RECV | number }, *bad;
	int ret;

	if (f->kind->recv_lands) {
		wr.sg_list = p->far;
		wr.num_sge = (int)p->n_far;
	}
	ret = ibv_post_recv(f->ep->passive->qp, &wr, &bad);
	return ret ? pp_err_set(f->err, ret < 0 ? -errno : -ret, "cannot post a RECV") : 0;
}

static void fill_send(const struct flow *f, struct piece *p, uint32_t number,
		      struct ibv_send_wr *wr)
{
	bool local_far = f->kind->local_far;

	*wr = (struct ibv_send_wr){
		.wr_id = number,
		.opcode = f->kind->opcode,
		.sg_list = local_far ? p->far : p->near,
		.num_sge = (int)(local_far ? p->n_far : p->n_near),
		.imm_data = number,
	};
	if (f->kind->atomic) {
		bool swap = f->t->kind == PP_TRANSFER_SWAP;

		wr->wr.atomic.remote_addr = p->remote_addr;
		wr->wr.atomic.rkey = p->rkey;
		wr->wr.atomic.compare_add = swap ? f->t->compare : f->t->operand;
		wr->wr.atomic.swap = f->t->operand;
		return;
	}
	wr->wr.rdma.remote_addr = p->remote_addr;
	wr->wr.rdma.rkey = p->rkey;
}

#define POST_BATCH 16

/* Post a batch of what fits into the depth: one doorbell for all of it, one signal for half of the
 * depth, and for the last that fits. Returns how many were posted, or -errno. */
static int post_batch(struct flow *f)
{
	struct piece pieces[POST_BATCH];
	struct ibv_send_wr wrs[POST_BATCH], *bad;
	unsigned every = f->depth > 1 ? f->depth / 2 : 1, n = 0;
	uint32_t done = f->sent;
	int ret;

	if (f->kind->recv && f->arrived < done)
		done = f->arrived;
	while (n < POST_BATCH && f->posted_bytes < f->total && f->posted - done < f->depth) {
		ret = cut_piece(f, &pieces[n]);
		if (!ret && f->kind->recv)
			ret = post_recv(f, &pieces[n], f->posted + 1);
		if (ret)
			return ret;
		fill_send(f, &pieces[n], ++f->posted, &wrs[n]);
		if (f->posted % every == 0)
			wrs[n].send_flags = IBV_SEND_SIGNALED;
		if (n)
			wrs[n - 1].next = &wrs[n];
		n++;
	}
	if (!n)
		return 0;
	if (f->posted_bytes == f->total || f->posted - done == f->depth)
		wrs[n - 1].send_flags = IBV_SEND_SIGNALED;
	ret = ibv_post_send(f->ep->active->qp, wrs, &bad);
	if (ret)
		return pp_err_set(f->err, ret < 0 ? -errno : -ret, "cannot post an %s",
				  f->kind->what);
	return (int)n;
}

static int take_one(struct flow *f, const struct ibv_wc *wc)
{
	bool recv = wc->wr_id & WR_RECV;

	if (wc->status != IBV_WC_SUCCESS)
		return pp_err_set(f->err, -EIO, "an %s ended with: %s%s.", f->kind->what,
				  ibv_wc_status_str(wc->status), recv ? " (at the responder)" : "");
	if (!recv) {
		f->sent = (uint32_t)wc->wr_id;
		return 0;
	}
	f->arrived++;
	/* RECVs are consumed in order, and WRITEs carry their numbers. */
	if ((wc->wr_id & ~WR_RECV) != f->arrived ||
	    (f->t->kind == PP_TRANSFER_WRITE_IMM &&
	     (!(wc->wc_flags & IBV_WC_WITH_IMM) || wc->imm_data != f->arrived)))
		return pp_err_set(f->err, -EIO, "an %s completed out of order at the responder.",
				  f->kind->what);
	return 0;
}

/* Take what is there: how many, or -errno. A failure seen at both sides is told by the requester's
 * status: the responder only sees its queue flushed. */
static int take_completions(struct flow *f)
{
	struct ibv_wc wc[CQ_BATCH];
	int n = ibv_poll_cq(f->ep->cq, CQ_BATCH, wc), ret = 0;

	if (n < 0)
		return pp_err_set(f->err, -EIO, "cannot poll the completion queue");
	for (int i = 0; i < n; i++) {
		bool flushed = wc[i].status == IBV_WC_WR_FLUSH_ERR;

		if (ret && flushed)
			continue;
		if (take_one(f, &wc[i]))
			ret = -EIO;
	}
	return ret ? ret : n;
}

/* Look for a while; then ask for an event, look again (ibv_get_cq_event(3)), and sleep. */
static int wait_some(struct flow *f, uint64_t deadline_ns)
{
	struct pp_endpoint *ep = f->ep;
	uint64_t spin_until = pp_now_ns() + SPIN_NS;
	struct ibv_cq *cq;
	void *context;
	bool armed = false;
	int n, ret, looks = 0;

	for (;;) {
		n = take_completions(f);
		if (n)
			return n < 0 ? n : 0;
		if (!armed && (++looks % SPIN_LOOKS || pp_now_ns() < spin_until))
			continue;
		if (!armed) {
			ret = ibv_req_notify_cq(ep->cq, 0);
			if (ret)
				return pp_err_set(f->err, -ret,
						  "cannot ask for a completion event");
			armed = true;
			continue;
		}
		ret = pp_cm_poll(ep->channel->fd, deadline_ns);
		if (ret)
			return pp_err_set(f->err, ret, "no completion of an %s", f->kind->what);
		if (!ibv_get_cq_event(ep->channel, &cq, &context))
			ibv_ack_cq_events(cq, 1);
		armed = false;
		looks = 0;
		spin_until = 0;
	}
}

static bool finished(const struct flow *f)
{
	return f->posted_bytes == f->total && f->sent == f->posted &&
	       (!f->kind->recv || f->arrived == f->posted);
}

/* Move every second element between its place in the stage and the one beyond it. */
static void scatter(const struct flow *f, bool out)
{
	struct flow walk = *f;
	uint8_t *from, *to;
	struct piece p;

	if (sges_of(f->t) < 2 || f->kind->atomic || f->kind->local_far)
		return;
	while (walk.posted_bytes < walk.total) {
		if (cut_piece(&walk, &p))
			return;
		for (size_t k = 1; k < p.n_near; k += 2) {
			from = (uint8_t *)(uintptr_t)p.near[k].addr -
			       (out ? f->ep->stage_bytes : 0);
			to = (uint8_t *)(uintptr_t)p.near[k].addr - (out ? 0 : f->ep->stage_bytes);
			memcpy(to, from, p.near[k].length);
			memset(from, POISON, p.near[k].length);
		}
	}
}

static int run_flow(struct flow *f, uint64_t deadline_ns)
{
	int ret = 0;

	scatter(f, true);
	while (!ret && !finished(f)) {
		do
			ret = post_batch(f);
		while (ret > 0);
		if (!ret)
			ret = wait_some(f, deadline_ns);
	}
	return ret;
}

static int check_transfer(struct flow *f)
{
	const struct pp_transfer *t = f->t;
	struct pp_endpoint *ep = f->ep;

	for (size_t i = 0; i < t->n_far; i++) {
		if (!t->far[i].length_bytes)
			return pp_err_set(f->err, -EINVAL, "an %s of an empty stretch.",
					  f->kind->what);
		f->total += t->far[i].length_bytes;
	}
	if (f->kind->atomic && f->total != 8)
		return pp_err_set(f->err, -EINVAL, "an %s takes 8 bytes.", f->kind->what);
	if (!f->total || t->stage_offset_bytes > ep->stage_bytes ||
	    f->total > ep->stage_bytes - t->stage_offset_bytes)
		return pp_err_set(f->err, -EINVAL, "%zu bytes at %zu are not within the stage.",
				  f->total, t->stage_offset_bytes);
	if (t->sges > ep->fabric->max_sges)
		return pp_err_set(f->err, -EINVAL, "sges=%u is over the device's %u.", t->sges,
				  ep->fabric->max_sges);
	f->depth = t->depth ? t->depth : 1;
	if (f->depth > PP_ENDPOINT_DEPTH)
		f->depth = PP_ENDPOINT_DEPTH;
	return 0;
}

int pp_endpoint_run(struct pp_endpoint *ep, const struct pp_transfer *t, struct pp_err *err)
{
	struct flow f = { .ep = ep, .t = t, .kind = &kinds[t->kind], .err = err };
	uint64_t deadline = pp_deadline_ns(t->bound_ms);
	int ret = check_transfer(&f);

	if (ret)
		return ret;
	if (!ep->active) {
		ret = pp_cm_connect(ep, deadline, err);
		if (ret)
			return ret;
	}
	ret = run_flow(&f, deadline);
	if (ret)
		pp_cm_disconnect(ep);
	/* Afterwards everything is where it was: an answer in its place, what was sent restored. */
	f.far = f.in_far = f.posted_bytes = 0;
	scatter(&f, false);
	if (!ret && t->old && f.kind->atomic)
		memcpy(t->old, ep->stage + 2 * ep->stage_bytes, 8);
	return ret;
}
