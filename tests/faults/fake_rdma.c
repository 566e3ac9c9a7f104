/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An RDMA device in memory, connected to itself: what is posted is carried out at once, by
 * memcpy(). Enough of librdmacm and libibverbs for every path of src/sys/fabric*.c.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fakes.h"
#include "hook.h"
#include "world.h"

#define EVENTS 16
#define WCS    512
#define RECVS  256
#define SGES   32

struct channel {
	struct rdma_event_channel pub;
	struct rdma_cm_event *queue[EVENTS];
	unsigned n;
	struct id *listener;
};

struct id {
	struct rdma_cm_id pub;
	struct id *peer;
};

struct completions {
	struct ibv_cq pub;
	struct ibv_wc wc[WCS];
	unsigned head, tail;
	bool armed;
	unsigned asked; /* for events, since something was taken */
};

static struct completions *newest; /* whose events are taken: there is one at a time */

struct pair {
	struct ibv_qp pub;
	struct pair *peer;
	struct {
		uint64_t wr_id;
		struct ibv_sge sges[SGES];
		int n;
	} recvs[RECVS];
	unsigned head, tail;
};

/* ---- queues and work ---- */

static void complete(struct ibv_cq *cq, const struct ibv_wc *wc)
{
	struct completions *c = (void *)cq;

	c->wc[c->tail++ % WCS] = *wc;
	if (c->armed && eventfd_write(cq->channel->fd, 1) == 0)
		c->armed = false;
}

static int poll_cq(struct ibv_cq *cq, int most, struct ibv_wc *wc)
{
	struct completions *c = (void *)cq;
	int n = 0;

	/* A slow device has its completions once its event was taken, or was asked for again. How
	 * often it is looked at until then is a matter of time: these looks are not counted. */
	if (world.slow && c->asked < 2)
		return 0;
	if (hook_hit(CALL_ibv_poll_cq, EIO, NULL, (struct about){ NULL, -1 }, false))
		return -1;
	while (n < most && c->head != c->tail)
		wc[n++] = c->wc[c->head++ % WCS];
	c->asked = n ? 0 : c->asked;
	return n;
}

static int req_notify_cq(struct ibv_cq *cq, int solicited)
{
	struct completions *c = (void *)cq;

	(void)solicited;
	c->armed = true;
	c->asked++;
	if (world.slow && c->head != c->tail && eventfd_write(cq->channel->fd, 1))
		abort();
	return hook_hit(CALL_ibv_req_notify_cq, EIO, NULL, (struct about){ NULL, -1 }, false);
}

static int post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad)
{
	struct pair *p = (void *)qp;
	int rc = hook_hit(CALL_ibv_post_recv, ENOMEM, NULL, (struct about){ NULL, -1 }, false);

	*bad = wr;
	if (rc)
		return rc;
	p->recvs[p->tail % RECVS].wr_id = wr->wr_id;
	p->recvs[p->tail % RECVS].n = wr->num_sge;
	if (wr->num_sge)
		memcpy(p->recvs[p->tail % RECVS].sges, wr->sg_list,
		       (size_t)wr->num_sge * sizeof(*wr->sg_list));
	p->tail++;
	return 0;
}

static void *memory_at(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

/* Between elements and one stretch. */
static void move(struct ibv_sge *sges, int n, uint64_t at, bool out)
{
	for (int i = 0; i < n; at += sges[i++].length)
		memcpy(memory_at(out ? at : sges[i].addr), memory_at(out ? sges[i].addr : at),
		       sges[i].length);
}

static void atomic(const struct ibv_send_wr *wr)
{
	uint64_t *far = memory_at(wr->wr.atomic.remote_addr), old = *far;

	if (wr->opcode == IBV_WR_ATOMIC_FETCH_AND_ADD)
		*far += wr->wr.atomic.compare_add;
	else if (old == wr->wr.atomic.compare_add)
		*far = wr->wr.atomic.swap;
	memcpy(memory_at(wr->sg_list->addr), &old, sizeof(old));
}

/* What a SEND or an immediate takes of the responder. */
static void arrive(struct pair *peer, const struct ibv_send_wr *wr)
{
	unsigned at = peer->head++ % RECVS;
	struct ibv_wc wc = { .wr_id = peer->recvs[at].wr_id, .imm_data = wr->imm_data };
	char buffer[65536];

	if (wr->opcode == IBV_WR_SEND) {
		move(wr->sg_list, wr->num_sge, (uintptr_t)buffer, true);
		move(peer->recvs[at].sges, peer->recvs[at].n, (uintptr_t)buffer, false);
	} else {
		wc.wc_flags = IBV_WC_WITH_IMM;
	}
	complete(peer->pub.recv_cq, &wc);
}

static void carry_out(struct pair *p, struct ibv_send_wr *wr)
{
	switch (wr->opcode) {
	case IBV_WR_RDMA_WRITE:
	case IBV_WR_RDMA_WRITE_WITH_IMM:
		move(wr->sg_list, wr->num_sge, wr->wr.rdma.remote_addr, true);
		break;
	case IBV_WR_RDMA_READ:
		move(wr->sg_list, wr->num_sge, wr->wr.rdma.remote_addr, false);
		break;
	case IBV_WR_SEND:
		break;
	default:
		atomic(wr);
	}
	if (wr->opcode == IBV_WR_SEND || wr->opcode == IBV_WR_RDMA_WRITE_WITH_IMM)
		arrive(p->peer, wr);
	if (wr->send_flags & IBV_SEND_SIGNALED)
		complete(p->pub.send_cq, &(struct ibv_wc){ .wr_id = wr->wr_id });
}

static int post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad)
{
	int rc = hook_hit(CALL_ibv_post_send, ENOMEM, NULL, (struct about){ NULL, -1 }, false);

	*bad = wr;
	for (; !rc && wr; wr = wr->next)
		carry_out((void *)qp, wr);
	return rc;
}

static struct ibv_context context = { .ops = { .poll_cq = poll_cq,
					       .req_notify_cq = req_notify_cq,
					       .post_send = post_send,
					       .post_recv = post_recv } };

/* ---- events ---- */

static void push(struct channel *c, enum rdma_cm_event_type type, struct id *id,
		 const struct rdma_conn_param *param)
{
	struct rdma_cm_event *e = __real_calloc(1, sizeof(*e));

	if (!e || c->n == EVENTS)
		abort();
	e->event = type;
	e->id = &id->pub;
	if (param)
		e->param.conn = *param;
	c->queue[c->n++] = e;
	if (eventfd_write(c->pub.fd, 1))
		abort();
}

/* Events of @id, NULL for all, will never be seen; nor will what asks to be connected. */
static void forget_events(struct channel *c, const struct rdma_cm_id *id)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < c->n; i++) {
		struct rdma_cm_event *e = c->queue[i];

		if (id && e->id != id) {
			c->queue[kept++] = e;
			continue;
		}
		if (e->event == RDMA_CM_EVENT_CONNECT_REQUEST) {
			hook_count(RDMA, -1);
			__real_free(e->id);
		}
		__real_free(e);
	}
	c->n = kept;
}

struct rdma_event_channel *fake_rdma_create_event_channel(void)
{
	struct channel *c = __real_calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->pub.fd = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
	return &c->pub;
}

void fake_rdma_destroy_event_channel(struct rdma_event_channel *pub)
{
	forget_events((void *)pub, NULL);
	__real_close(pub->fd);
	__real_free(pub);
}

int fake_rdma_create_id(struct rdma_event_channel *c, struct rdma_cm_id **out, void *x,
			enum rdma_port_space space)
{
	struct id *id = __real_calloc(1, sizeof(*id));

	(void)x;
	(void)space;
	if (!id)
		return -1;
	id->pub.channel = c;
	*out = &id->pub;
	return 0;
}

int fake_rdma_destroy_id(struct rdma_cm_id *pub)
{
	struct id *id = (void *)pub;

	forget_events((void *)pub->channel, pub);
	if (id->peer)
		id->peer->peer = NULL;
	__real_free(id);
	return 0;
}

int fake_rdma_bind_addr(struct rdma_cm_id *id, struct sockaddr *a)
{
	(void)a;
	id->verbs = &context;
	id->port_num = 1;
	return 0;
}

int fake_rdma_listen(struct rdma_cm_id *id, int backlog)
{
	(void)backlog;
	((struct channel *)id->channel)->listener = (void *)id;
	return 0;
}

int fake_rdma_resolve_addr(struct rdma_cm_id *id, struct sockaddr *from, struct sockaddr *to,
			   int ms)
{
	(void)from;
	(void)to;
	(void)ms;
	id->verbs = &context;
	push((void *)id->channel, RDMA_CM_EVENT_ADDR_RESOLVED, (void *)id, NULL);
	return 0;
}

int fake_rdma_resolve_route(struct rdma_cm_id *id, int ms)
{
	(void)ms;
	push((void *)id->channel, RDMA_CM_EVENT_ROUTE_RESOLVED, (void *)id, NULL);
	return 0;
}

int fake_rdma_create_qp(struct rdma_cm_id *id, struct ibv_pd *pd, struct ibv_qp_init_attr *attr)
{
	struct pair *p = __real_calloc(1, sizeof(*p));

	if (!p)
		return -1;
	p->pub = (struct ibv_qp){
		.context = &context, .pd = pd, .send_cq = attr->send_cq, .recv_cq = attr->recv_cq
	};
	id->qp = &p->pub;
	return 0;
}

void fake_rdma_destroy_qp(struct rdma_cm_id *id)
{
	__real_free(id->qp);
	id->qp = NULL;
}

int fake_rdma_connect(struct rdma_cm_id *pub, struct rdma_conn_param *param)
{
	struct id *active = (void *)pub, *passive = __real_calloc(1, sizeof(*passive));

	if (!passive)
		return -1;
	passive->pub.channel = pub->channel;
	passive->pub.verbs = &context;
	passive->peer = active;
	active->peer = passive;
	hook_count(RDMA, 1);
	push((void *)pub->channel, RDMA_CM_EVENT_CONNECT_REQUEST, passive, param);
	return 0;
}

int fake_rdma_accept(struct rdma_cm_id *pub, struct rdma_conn_param *param)
{
	struct id *passive = (void *)pub;
	struct pair *a = (void *)passive->peer->pub.qp, *b = (void *)pub->qp;

	(void)param;
	a->peer = b;
	b->peer = a;
	push((void *)pub->channel, RDMA_CM_EVENT_ESTABLISHED, passive, NULL);
	push((void *)pub->channel, RDMA_CM_EVENT_ESTABLISHED, passive->peer, NULL);
	return 0;
}

int fake_rdma_get_cm_event(struct rdma_event_channel *pub, struct rdma_cm_event **out)
{
	struct channel *c = (void *)pub;
	eventfd_t one;

	if (!c->n) {
		errno = EAGAIN;
		return -1;
	}
	*out = c->queue[0];
	memmove(c->queue, c->queue + 1, --c->n * sizeof(c->queue[0]));
	return eventfd_read(pub->fd, &one);
}

int fake_rdma_ack_cm_event(struct rdma_cm_event *e)
{
	__real_free(e);
	return 0;
}

/* ---- verbs ---- */

struct ibv_device **fake_ibv_get_device_list(int *n)
{
	struct ibv_device **list = __real_calloc(2, sizeof(*list));

	(void)n;
	if (!list)
		return NULL;
	list[0] = __real_calloc(1, sizeof(**list));
	if (list[0])
		snprintf(list[0]->name, sizeof(list[0]->name), "%s", fake_link_name());
	return list;
}

void fake_ibv_free_device_list(struct ibv_device **list)
{
	__real_free(list[0]);
	__real_free(list);
}

struct ibv_context *fake_ibv_open_device(struct ibv_device *d)
{
	(void)d;
	fake_link_hold();
	return &context;
}

int fake_ibv_query_device(struct ibv_context *c, struct ibv_device_attr *a)
{
	(void)c;
	memset(a, 0, sizeof(*a));
	a->max_sge = SGES;
	return 0;
}

int fake_ibv_query_port(struct ibv_context *c, uint8_t port, struct _compat_ibv_port_attr *a)
{
	(void)c;
	(void)port;
	((struct ibv_port_attr *)a)->max_msg_sz = 1u << 20;
	return 0;
}

int fake_ibv_query_qp(struct ibv_qp *q, struct ibv_qp_attr *a, int mask, struct ibv_qp_init_attr *i)
{
	(void)q;
	(void)mask;
	(void)i;
	a->path_mtu = IBV_MTU_4096;
	return 0;
}

struct ibv_pd *fake_ibv_alloc_pd(struct ibv_context *c)
{
	struct ibv_pd *pd = __real_calloc(1, sizeof(*pd));

	if (pd)
		pd->context = c;
	return pd;
}

int fake_ibv_dealloc_pd(struct ibv_pd *pd)
{
	__real_free(pd);
	return 0;
}

struct ibv_mr *fake_ibv_reg_mr(struct ibv_pd *pd, void *addr, size_t length, int access)
{
	struct ibv_mr *mr = __real_calloc(1, sizeof(*mr));

	(void)access;
	if (mr)
		*mr = (struct ibv_mr){ .context = &context,
				       .pd = pd,
				       .addr = addr,
				       .length = length,
				       .lkey = 1,
				       .rkey = 2 };
	return mr;
}

int fake_ibv_dereg_mr(struct ibv_mr *mr)
{
	__real_free(mr);
	return 0;
}

struct ibv_comp_channel *fake_ibv_create_comp_channel(struct ibv_context *c)
{
	struct ibv_comp_channel *h = __real_calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->context = c;
	h->fd = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
	return h;
}

int fake_ibv_destroy_comp_channel(struct ibv_comp_channel *h)
{
	__real_close(h->fd);
	__real_free(h);
	return 0;
}

struct ibv_cq *fake_ibv_create_cq(struct ibv_context *c, int n, void *x, struct ibv_comp_channel *h,
				  int vector)
{
	struct completions *q = __real_calloc(1, sizeof(*q));

	(void)n;
	(void)vector;
	if (!q)
		return NULL;
	q->pub = (struct ibv_cq){ .context = c, .channel = h, .cq_context = x };
	newest = q;
	return &q->pub;
}

int fake_ibv_destroy_cq(struct ibv_cq *cq)
{
	__real_free(cq);
	return 0;
}

int fake_ibv_get_cq_event(struct ibv_comp_channel *h, struct ibv_cq **cq, void **x)
{
	eventfd_t one;

	*cq = &newest->pub;
	*x = NULL;
	newest->asked = 2;
	return eventfd_read(h->fd, &one);
}
