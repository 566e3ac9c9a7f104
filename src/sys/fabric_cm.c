/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fabric's connection to itself: one listener, one active and one passive
 * id of librdmacm on one event channel. Events come in any order between the
 * two sides, so a small state machine takes them as they come.
 */
#include "sys/fabric_cm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "sys/clock.h"

#define RESOLVE_MS   5000
#define SEND_DEPTH   16
#define READ_DEPTH   4 /* RDMA READs in flight that each side allows */
#define RETRIES      7 /* the most that the wire format can say */
#define PRIVATE_SIZE sizeof(uint32_t)

int pp_cm_poll(int fd, uint64_t deadline_ns)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t now;
	int n;

	for (;;) {
		now = pp_now_ns();
		n = poll(&p, 1, now >= deadline_ns ? 0 : (int)((deadline_ns - now) / 1000000 + 1));
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (pp_now_ns() >= deadline_ns)
			return -ETIMEDOUT;
	}
}

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) ? -errno : 0;
}

static struct sockaddr_in own_address(const struct pp_fabric *f, uint16_t port_be)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = port_be,
				     .sin_addr = f->address };
}

int pp_cm_listen(struct pp_fabric *f, struct pp_err *err)
{
	struct sockaddr_in sin = own_address(f, 0);
	char text[INET_ADDRSTRLEN];
	int ret;

	inet_ntop(AF_INET, &f->address, text, sizeof(text));
	f->events = rdma_create_event_channel();
	if (!f->events)
		return pp_err_set(err, -errno,
				  "cannot open rdma_cm (module rdma_ucm, /dev/infiniband/rdma_cm)");
	ret = set_nonblocking(f->events->fd);
	if (ret) {
		pp_err_set(err, ret, "cannot make the rdma_cm channel nonblocking");
		goto undo;
	}
	if (rdma_create_id(f->events, &f->listener, NULL, RDMA_PS_TCP)) {
		ret = pp_err_set(err, -errno, "cannot make an rdma_cm id");
		goto undo;
	}
	if (rdma_bind_addr(f->listener, (struct sockaddr *)&sin)) {
		ret = pp_err_set(err, -errno, "rdma_cm cannot bind to %s", text);
		goto undo;
	}
	if (!f->listener->verbs) {
		ret = pp_err_set(err, -ENODEV, "no RDMA device owns the address %s.", text);
		goto undo;
	}
	if (rdma_listen(f->listener, 4)) {
		ret = pp_err_set(err, -errno, "rdma_cm cannot listen on %s", text);
		goto undo;
	}
	f->verbs = f->listener->verbs;
	return 0;
undo:
	pp_cm_unlisten(f);
	return ret;
}

void pp_cm_unlisten(struct pp_fabric *f)
{
	if (f->listener)
		rdma_destroy_id(f->listener);
	if (f->events)
		rdma_destroy_event_channel(f->events);
	f->listener = NULL;
	f->events = NULL;
}

static int make_qp(struct pp_fabric *f, struct rdma_cm_id *id, struct pp_err *err)
{
	struct ibv_qp_init_attr attr = {
		.send_cq = f->cq,
		.recv_cq = f->cq,
		.cap = { .max_send_wr = SEND_DEPTH,
			 .max_recv_wr = 1,
			 .max_send_sge = 1,
			 .max_recv_sge = 1 },
		.qp_type = IBV_QPT_RC,
	};

	if (id->verbs != f->verbs)
		return pp_err_set(err, -EXDEV, "rdma_cm led to another device than it listens on.");
	if (rdma_create_qp(id, f->pd, &attr))
		return pp_err_set(err, -errno, "cannot make a queue pair");
	return 0;
}

static struct rdma_conn_param conn_param(const struct pp_fabric *f)
{
	return (struct rdma_conn_param){ .private_data = &f->attempt,
					 .private_data_len = PRIVATE_SIZE,
					 .responder_resources = READ_DEPTH,
					 .initiator_depth = READ_DEPTH,
					 .retry_count = RETRIES,
					 .rnr_retry_count = RETRIES };
}

static int on_route(struct pp_fabric *f, struct pp_err *err)
{
	struct rdma_conn_param param = conn_param(f);
	int ret;

	ret = make_qp(f, f->active, err);
	if (ret)
		return ret;
	if (rdma_connect(f->active, &param))
		return pp_err_set(err, -errno, "rdma_connect() failed");
	return 0;
}

static int on_request(struct pp_fabric *f, struct rdma_cm_id *id, struct pp_err *err)
{
	struct rdma_conn_param param = conn_param(f);
	int ret;

	f->passive = id;
	ret = make_qp(f, id, err);
	if (ret)
		return ret;
	if (rdma_accept(id, &param))
		return pp_err_set(err, -errno, "rdma_accept() failed");
	return 0;
}

/* A request left by an earlier attempt, which gave up before it was seen, must not be mistaken for
 * ours. */
static bool is_ours(const struct pp_fabric *f, const struct rdma_cm_event *ev)
{
	uint32_t attempt;

	if (ev->param.conn.private_data_len < PRIVATE_SIZE || f->passive)
		return false;
	memcpy(&attempt, ev->param.conn.private_data, sizeof(attempt));
	return attempt == f->attempt;
}

/* Acknowledges @ev; an id can only be destroyed after that. */
static int take_event(struct pp_fabric *f, struct rdma_cm_event *ev, struct pp_err *err)
{
	enum rdma_cm_event_type type = ev->event;
	struct rdma_cm_id *id = ev->id;
	int status = ev->status;
	bool ours = type == RDMA_CM_EVENT_CONNECT_REQUEST && is_ours(f, ev);

	rdma_ack_cm_event(ev);
	if (type == RDMA_CM_EVENT_CONNECT_REQUEST) {
		if (ours)
			return on_request(f, id, err);
		rdma_destroy_id(id);
		return 0;
	}
	if (id != f->active && id != f->passive)
		return 0;
	if (type == RDMA_CM_EVENT_ADDR_RESOLVED) {
		if (rdma_resolve_route(id, RESOLVE_MS))
			return pp_err_set(err, -errno, "rdma_cm cannot resolve the route");
		return 0;
	}
	if (type == RDMA_CM_EVENT_ROUTE_RESOLVED)
		return on_route(f, err);
	if (type == RDMA_CM_EVENT_ESTABLISHED) {
		*(id == f->active ? &f->active_up : &f->passive_up) = true;
		return 0;
	}
	return pp_err_set(err, -ECONNREFUSED, "connecting to ourselves failed: %s, status %d.",
			  rdma_event_str(type), status);
}

static int next_event(struct pp_fabric *f, uint64_t deadline_ns, struct pp_err *err)
{
	struct rdma_cm_event *ev;
	int ret;

	ret = pp_cm_poll(f->events->fd, deadline_ns);
	if (ret)
		return pp_err_set(err, ret, "no answer from rdma_cm while connecting to ourselves");
	if (!rdma_get_cm_event(f->events, &ev))
		return take_event(f, ev, err);
	if (errno == EAGAIN) /* librdmacm took an event for itself */
		return 0;
	return pp_err_set(err, -errno, "cannot take an event of rdma_cm");
}

static int read_mtu(struct pp_fabric *f, struct pp_err *err)
{
	struct ibv_qp_attr attr;
	struct ibv_qp_init_attr init;
	int ret = ibv_query_qp(f->active->qp, &attr, IBV_QP_PATH_MTU, &init);

	if (ret)
		return pp_err_set(err, -ret, "cannot query the queue pair");
	f->path_mtu_bytes = 128u << attr.path_mtu; /* enum ibv_mtu: 1 is 256 */
	return 0;
}

int pp_cm_connect(struct pp_fabric *f, uint64_t deadline_ns, struct pp_err *err)
{
	struct sockaddr_in from = own_address(f, 0);
	struct sockaddr_in to = own_address(f, rdma_get_src_port(f->listener));
	int ret = 0;

	f->attempt++;
	f->active_up = f->passive_up = false;
	if (rdma_create_id(f->events, &f->active, NULL, RDMA_PS_TCP)) {
		f->active = NULL;
		return pp_err_set(err, -errno, "cannot make an rdma_cm id");
	}
	if (rdma_resolve_addr(f->active, (struct sockaddr *)&from, (struct sockaddr *)&to,
			      RESOLVE_MS))
		ret = pp_err_set(err, -errno, "rdma_cm cannot resolve our own address");
	while (!ret && !(f->active_up && f->passive_up))
		ret = next_event(f, deadline_ns, err);
	if (!ret)
		ret = read_mtu(f, err);
	if (ret)
		pp_cm_disconnect(f);
	return ret;
}

static void destroy_side(struct rdma_cm_id **id)
{
	if (!*id)
		return;
	if ((*id)->qp)
		rdma_destroy_qp(*id);
	rdma_destroy_id(*id);
	*id = NULL;
}

void pp_cm_disconnect(struct pp_fabric *f)
{
	struct ibv_wc wc;

	destroy_side(&f->active);
	destroy_side(&f->passive);
	while (f->cq && ibv_poll_cq(f->cq, 1, &wc) > 0)
		; /* completions of the dead pair */
}
