/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fabric: memory registration, and RDMA operations that end within their bound. */
#include "sys/fabric.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/plan.h"
#include "sys/clock.h"
#include "sys/fabric_cm.h"

#define CQ_DEPTH 64

struct pp_fmr {
	struct ibv_mr *mr;
};

static const struct access_bit {
	unsigned plan;
	unsigned verbs;
	const char *name;
} access_bits[] = {
	/* clang-format off */
	{ PP_ACCESS_LW, IBV_ACCESS_LOCAL_WRITE,   "lw" },
	{ PP_ACCESS_RW, IBV_ACCESS_REMOTE_WRITE,  "rw" },
	{ PP_ACCESS_RR, IBV_ACCESS_REMOTE_READ,   "rr" },
	{ PP_ACCESS_RA, IBV_ACCESS_REMOTE_ATOMIC, "ra" },
	{ PP_ACCESS_OD, IBV_ACCESS_ON_DEMAND,     "od" },
	/* clang-format on */
};

/* Verbs bits of plan bits @access; their names into @names ("none" for 0). */
static unsigned verbs_access(unsigned access, char *names, size_t size)
{
	unsigned bits = 0;
	size_t used = 0;

	snprintf(names, size, "none");
	for (size_t i = 0; i < sizeof(access_bits) / sizeof(access_bits[0]); i++) {
		if (!(access & access_bits[i].plan))
			continue;
		bits |= access_bits[i].verbs;
		used += (size_t)snprintf(names + used, size - used, "%s%s", used ? "," : "",
					 access_bits[i].name);
	}
	return bits;
}

static int make_stage(struct pp_fabric *f, struct pp_err *err)
{
	f->stage = mmap(NULL, f->stage_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	if (f->stage == MAP_FAILED) {
		f->stage = NULL;
		return pp_err_set(err, -errno, "no memory for a staging buffer of %zu bytes",
				  f->stage_bytes);
	}
	f->stage_mr = ibv_reg_mr(f->pd, f->stage, f->stage_bytes, IBV_ACCESS_LOCAL_WRITE);
	if (!f->stage_mr)
		return pp_err_set(err, -errno, "cannot register the staging buffer");
	return 0;
}

static int make_verbs(struct pp_fabric *f, struct pp_err *err)
{
	struct ibv_port_attr port;
	int flags, ret;

	ret = ibv_query_port(f->verbs, 1, &port);
	if (ret)
		return pp_err_set(err, -ret, "cannot query port 1");
	f->max_message_bytes = port.max_msg_sz;
	f->pd = ibv_alloc_pd(f->verbs);
	if (!f->pd)
		return pp_err_set(err, -errno, "cannot make a protection domain");
	f->channel = ibv_create_comp_channel(f->verbs);
	if (!f->channel)
		return pp_err_set(err, -errno, "cannot make a completion channel");
	flags = fcntl(f->channel->fd, F_GETFL);
	if (flags < 0 || fcntl(f->channel->fd, F_SETFL, flags | O_NONBLOCK))
		return pp_err_set(err, -errno, "cannot make the completion channel nonblocking");
	f->cq = ibv_create_cq(f->verbs, CQ_DEPTH, NULL, f->channel, 0);
	if (!f->cq)
		return pp_err_set(err, -errno, "cannot make a completion queue");
	return make_stage(f, err);
}

int pp_fabric_open(struct in_addr address, size_t stage_bytes, uint32_t bound_ms,
		   struct pp_fabric **out, struct pp_err *err)
{
	uint64_t deadline = pp_deadline_ns(bound_ms);
	struct pp_fabric *f = calloc(1, sizeof(*f));
	int ret;

	*out = NULL;
	if (!f)
		return pp_err_set(err, -ENOMEM, "no memory for a fabric");
	f->address = address;
	f->stage_bytes = stage_bytes;
	ret = pp_cm_listen(f, err);
	if (!ret)
		ret = make_verbs(f, err);
	if (!ret)
		ret = pp_cm_connect(f, deadline, err);
	if (ret) {
		pp_fabric_close(f);
		return ret;
	}
	*out = f;
	return 0;
}

void pp_fabric_close(struct pp_fabric *f)
{
	if (!f)
		return;
	pp_cm_disconnect(f);
	if (f->stage_mr)
		ibv_dereg_mr(f->stage_mr);
	if (f->stage)
		munmap(f->stage, f->stage_bytes);
	if (f->cq)
		ibv_destroy_cq(f->cq);
	if (f->channel)
		ibv_destroy_comp_channel(f->channel);
	if (f->pd)
		ibv_dealloc_pd(f->pd);
	pp_cm_unlisten(f);
	free(f);
}

void *pp_fabric_stage(struct pp_fabric *f)
{
	return f->stage;
}

size_t pp_fabric_stage_bytes(const struct pp_fabric *f)
{
	return f->stage_bytes;
}

unsigned pp_fabric_path_mtu_bytes(const struct pp_fabric *f)
{
	return f->path_mtu_bytes;
}

int pp_fabric_reg(struct pp_fabric *f, void *addr, size_t length_bytes, unsigned access,
		  struct pp_fmr **out, struct pp_err *err)
{
	char names[32];
	unsigned bits = verbs_access(access, names, sizeof(names));
	struct pp_fmr *mr = calloc(1, sizeof(*mr));
	int ret;

	*out = NULL;
	if (!mr)
		return pp_err_set(err, -ENOMEM, "no memory for a memory region");
	errno = 0;
	/* In parentheses: the function, which hides no bit from the kernel, not the macro around
	 * it. */
	mr->mr = (ibv_reg_mr)(f->pd, addr, length_bytes, (int)bits);
	if (!mr->mr) {
		ret = pp_err_set(err, errno ? -errno : -EIO,
				 "ibv_reg_mr() of %zu bytes at %p with access %s refused",
				 length_bytes, addr, names);
		free(mr);
		return ret;
	}
	*out = mr;
	return 0;
}

int pp_fabric_dereg(struct pp_fmr *mr, struct pp_err *err)
{
	int ret;

	ret = ibv_dereg_mr(mr->mr);
	if (ret)
		return pp_err_set(err, ret < 0 ? -errno : -ret, "ibv_dereg_mr() failed");
	free(mr);
	return 0;
}

/* Takes the completion of @wr_id; asks for an event before sleeping, then looks again
 * (ibv_get_cq_event(3)). */
static int wait_completion(struct pp_fabric *f, uint64_t wr_id, uint64_t deadline_ns,
			   struct ibv_wc *wc)
{
	struct ibv_cq *cq;
	void *context;
	bool armed = false;
	int n, ret;

	for (;;) {
		n = ibv_poll_cq(f->cq, 1, wc);
		if (n < 0)
			return -EIO;
		if (n && wc->wr_id == wr_id)
			return 0;
		if (n)
			continue;
		if (!armed) {
			ret = ibv_req_notify_cq(f->cq, 0);
			if (ret)
				return -ret;
			armed = true;
			continue;
		}
		ret = pp_cm_poll(f->channel->fd, deadline_ns);
		if (ret)
			return ret;
		if (!ibv_get_cq_event(f->channel, &cq, &context))
			ibv_ack_cq_events(cq, 1);
		armed = false;
	}
}

static int run_request(struct pp_fabric *f, struct ibv_send_wr *wr, uint64_t deadline_ns,
		       const char *what, struct pp_err *err)
{
	struct ibv_send_wr *bad;
	struct ibv_wc wc;
	int ret;

	wr->wr_id = ++f->next_wr;
	wr->send_flags = IBV_SEND_SIGNALED;
	ret = ibv_post_send(f->active->qp, wr, &bad);
	if (ret)
		return pp_err_set(err, ret < 0 ? -errno : -ret, "cannot post an %s", what);
	ret = wait_completion(f, wr->wr_id, deadline_ns, &wc);
	if (ret)
		return pp_err_set(err, ret, "no completion of an %s", what);
	if (wc.status != IBV_WC_SUCCESS)
		return pp_err_set(err, -EIO, "an %s ended with: %s.", what,
				  ibv_wc_status_str(wc.status));
	return 0;
}

/* After any failure the pair is torn down at once, so that no byte of a late request arrives later.
 */
static int transfer(struct pp_fabric *f, struct pp_fmr *mr, enum ibv_wr_opcode opcode,
		    uint64_t offset_bytes, size_t stage_offset_bytes, size_t length_bytes,
		    uint32_t bound_ms, struct pp_err *err)
{
	const char *what = opcode == IBV_WR_RDMA_READ ? "RDMA READ" : "RDMA WRITE";
	uint64_t deadline = pp_deadline_ns(bound_ms);
	struct ibv_sge sge = { .addr = (uintptr_t)f->stage + stage_offset_bytes,
			       .length = (uint32_t)length_bytes,
			       .lkey = f->stage_mr->lkey };
	struct ibv_send_wr wr = { .sg_list = &sge, .num_sge = 1, .opcode = opcode };
	int ret;

	if (stage_offset_bytes > f->stage_bytes ||
	    length_bytes > f->stage_bytes - stage_offset_bytes)
		return pp_err_set(err, -EINVAL, "%zu bytes at %zu are not within the stage.",
				  length_bytes, stage_offset_bytes);
	if (length_bytes > f->max_message_bytes)
		return pp_err_set(err, -EMSGSIZE, "an %s of %zu bytes is over the port's %u.", what,
				  length_bytes, f->max_message_bytes);
	if (!f->active) {
		ret = pp_cm_connect(f, deadline, err);
		if (ret)
			return ret;
	}
	wr.wr.rdma.remote_addr = (uintptr_t)mr->mr->addr + offset_bytes;
	wr.wr.rdma.rkey = mr->mr->rkey;
	ret = run_request(f, &wr, deadline, what, err);
	if (ret)
		pp_cm_disconnect(f);
	return ret;
}

int pp_fabric_write(struct pp_fabric *f, struct pp_fmr *mr, uint64_t offset_bytes,
		    size_t stage_offset_bytes, size_t length_bytes, uint32_t bound_ms,
		    struct pp_err *err)
{
	return transfer(f, mr, IBV_WR_RDMA_WRITE, offset_bytes, stage_offset_bytes, length_bytes,
			bound_ms, err);
}

int pp_fabric_read(struct pp_fabric *f, struct pp_fmr *mr, uint64_t offset_bytes,
		   size_t stage_offset_bytes, size_t length_bytes, uint32_t bound_ms,
		   struct pp_err *err)
{
	return transfer(f, mr, IBV_WR_RDMA_READ, offset_bytes, stage_offset_bytes, length_bytes,
			bound_ms, err);
}

int pp_fabric_odp(struct pp_fabric *f)
{
	struct ibv_device_attr_ex attr;

	if (ibv_query_device_ex(f->verbs, NULL, &attr))
		return 0;
	return (attr.odp_caps.general_caps & IBV_ODP_SUPPORT) != 0;
}
