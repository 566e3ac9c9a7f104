/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An endpoint's connection to itself: one listener, one active and one passive
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
#include "sys/fabric.h"

#define RESOLVE_MS   5000
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
		if (n < 0)
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

static struct sockaddr_in own_address(struct in_addr address, uint16_t port_be)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = port_be,
				     .sin_addr = address };
}

int pp_cm_bind(struct in_addr address, struct rdma_event_channel **events, struct rdma_cm_id **id,
	       struct pp_err *err)
{
	struct sockaddr_in sin = own_address(address, 0);
	char text[INET_ADDRSTRLEN];
	int ret;

	inet_ntop(AF_INET, &address, text, sizeof(text));
	*events = rdma_create_event_channel();
	if (!*events)
		return pp_err_set(err, -errno,
				  "cannot open rdma_cm (module rdma_ucm, /dev/infiniband/rdma_cm)");
	ret = set_nonblocking((*events)->fd);
	if (ret) {
		pp_err_set(err, ret, "cannot make the rdma_cm channel nonblocking");
		goto undo;
	}
	if (rdma_create_id(*events, id, NULL, RDMA_PS_TCP)) {
		*id = NULL;
		ret = pp_err_set(err, -errno, "cannot make an rdma_cm id");
		goto undo;
	}
	if (rdma_bind_addr(*id, (struct sockaddr *)&sin)) {
		ret = pp_err_set(err, -errno, "rdma_cm cannot bind to %s", text);
		goto undo;
	}
	if (!(*id)->verbs) {
		ret = pp_err_set(err, -ENODEV, "no RDMA device owns the address %s.", text);
		goto undo;
	}
	return 0;
undo:
	pp_cm_unbind(events, id);
	return ret;
}

void pp_cm_unbind(struct rdma_event_channel **events, struct rdma_cm_id **id)
{
	if (*id)
		rdma_destroy_id(*id);
	if (*events)
		rdma_destroy_event_channel(*events);
	*id = NULL;
	*events = NULL;
}

int pp_cm_listen(struct pp_endpoint *ep, struct pp_err *err)
{
	int ret = pp_cm_bind(ep->fabric->address, &ep->events, &ep->listener, err);

	if (ret)
		return ret;
	if (rdma_listen(ep->listener, 4)) {
		ret = pp_err_set(err, -errno, "rdma_cm cannot listen on our own address");
		pp_cm_unbind(&ep->events, &ep->listener);
	}
	return ret;
}

static int make_qp(struct pp_endpoint *ep, struct rdma_cm_id *id, struct pp_err *err)
{
	struct ibv_qp_init_attr attr = {
		.send_cq = ep->cq,
		.recv_cq = ep->cq,
		.cap = { .max_send_wr = PP_ENDPOINT_DEPTH,
			 .max_recv_wr = PP_ENDPOINT_DEPTH,
			 .max_send_sge = ep->fabric->max_sges,
			 .max_recv_sge = ep->fabric->max_sges },
		.qp_type = IBV_QPT_RC,
	};

	if (id->verbs != ep->fabric->verbs)
		return pp_err_set(err, -EXDEV, "rdma_cm led to another device than it listens on.");
	if (rdma_create_qp(id, ep->fabric->pd, &attr))
		return pp_err_set(err, -errno, "cannot make a queue pair");
	return 0;
}

static struct rdma_conn_param conn_param(const struct pp_endpoint *ep)
{
	return (struct rdma_conn_param){ .private_data = &ep->attempt,
					 .private_data_len = PRIVATE_SIZE,
					 .responder_resources = READ_DEPTH,
					 .initiator_depth = READ_DEPTH,
					 .retry_count = RETRIES,
					 .rnr_retry_count = RETRIES };
}

static int on_route(struct pp_endpoint *ep, struct pp_err *err)
{
	struct rdma_conn_param param = conn_param(ep);
	int ret;

	ret = make_qp(ep, ep->active, err);
	if (ret)
		return ret;
	if (rdma_connect(ep->active, &param))
		return pp_err_set(err, -errno, "rdma_connect() failed");
	return 0;
}

static int on_request(struct pp_endpoint *ep, struct rdma_cm_id *id, struct pp_err *err)
{
	struct rdma_conn_param param = conn_param(ep);
	int ret;

	ep->passive = id;
	ret = make_qp(ep, id, err);
	if (ret)
		return ret;
	if (rdma_accept(id, &param))
		return pp_err_set(err, -errno, "rdma_accept() failed");
	return 0;
}

/* A request left by an earlier attempt, which gave up before it was seen, must not be mistaken for
 * ours. */
static bool is_ours(const struct pp_endpoint *ep, const struct rdma_cm_event *ev)
{
	uint32_t attempt;

	if (ev->param.conn.private_data_len < PRIVATE_SIZE || ep->passive)
		return false;
	memcpy(&attempt, ev->param.conn.private_data, sizeof(attempt));
	return attempt == ep->attempt;
}

/* Acknowledges @ev; an id can only be destroyed after that. */
static int take_event(struct pp_endpoint *ep, struct rdma_cm_event *ev, struct pp_err *err)
{
	enum rdma_cm_event_type type = ev->event;
	struct rdma_cm_id *id = ev->id;
	int status = ev->status;
	bool ours = type == RDMA_CM_EVENT_CONNECT_REQUEST && is_ours(ep, ev);

	rdma_ack_cm_event(ev);
	if (type == RDMA_CM_EVENT_CONNECT_REQUEST) {
		if (ours)
			return on_request(ep, id, err);
		rdma_destroy_id(id);
		return 0;
	}
	if (id != ep->active && id != ep->passive)
		return 0;
	if (type == RDMA_CM_EVENT_ADDR_RESOLVED) {
		if (rdma_resolve_route(id, RESOLVE_MS))
			return pp_err_set(err, -errno, "rdma_cm cannot resolve the route");
		return 0;
	}
	if (type == RDMA_CM_EVENT_ROUTE_RESOLVED)
		return on_route(ep, err);
	if (type == RDMA_CM_EVENT_ESTABLISHED) {
		*(id == ep->active ? &ep->active_up : &ep->passive_up) = true;
		return 0;
	}
	return pp_err_set(err, -ECONNREFUSED, "connecting to ourselves failed: %s, status %d.",
			  rdma_event_str(type), status);
}

static int next_event(struct pp_endpoint *ep, uint64_t deadline_ns, struct pp_err *err)
{
	struct rdma_cm_event *ev;
	int ret;

	ret = pp_cm_poll(ep->events->fd, deadline_ns);
	if (ret)
		return pp_err_set(err, ret, "no answer from rdma_cm while connecting to ourselves");
	if (!rdma_get_cm_event(ep->events, &ev))
		return take_event(ep, ev, err);
	if (errno == EAGAIN) /* librdmacm took an event for itself */
		return 0;
	return pp_err_set(err, -errno, "cannot take an event of rdma_cm");
}

static int read_mtu(struct pp_endpoint *ep, struct pp_err *err)
{
	struct ibv_qp_attr attr;
	struct ibv_qp_init_attr init;
	int ret = ibv_query_qp(ep->active->qp, &attr, IBV_QP_PATH_MTU, &init);

	if (ret)
		return pp_err_set(err, -ret, "cannot query the queue pair");
	ep->path_mtu_bytes = 128u << attr.path_mtu; /* enum ibv_mtu: 1 is 256 */
	return 0;
}

int pp_cm_connect(struct pp_endpoint *ep, uint64_t deadline_ns, struct pp_err *err)
{
	struct sockaddr_in from = own_address(ep->fabric->address, 0);
	struct sockaddr_in to = own_address(ep->fabric->address, rdma_get_src_port(ep->listener));
	int ret = 0;

	ep->attempt++;
	ep->active_up = ep->passive_up = false;
	if (rdma_create_id(ep->events, &ep->active, NULL, RDMA_PS_TCP)) {
		ep->active = NULL;
		return pp_err_set(err, -errno, "cannot make an rdma_cm id");
	}
	if (rdma_resolve_addr(ep->active, (struct sockaddr *)&from, (struct sockaddr *)&to,
			      RESOLVE_MS))
		ret = pp_err_set(err, -errno, "rdma_cm cannot resolve our own address");
	while (!ret && !(ep->active_up && ep->passive_up))
		ret = next_event(ep, deadline_ns, err);
	if (!ret)
		ret = read_mtu(ep, err);
	if (ret)
		pp_cm_disconnect(ep);
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

void pp_cm_disconnect(struct pp_endpoint *ep)
{
	struct ibv_wc wc;

	destroy_side(&ep->active);
	destroy_side(&ep->passive);
	while (ep->cq && ibv_poll_cq(ep->cq, 1, &wc) > 0)
		; /* completions of the dead pair */
}
