/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fabric: device, protection domain, memory registration. Endpoints: fabric_endpoint.c. */
#include "sys/fabric.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/plan.h"
#include "sys/fabric_cm.h"

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

static int take_limits(struct pp_fabric *f, struct pp_err *err)
{
	struct ibv_device_attr device;
	struct ibv_port_attr port;
	int ret = ibv_query_device(f->verbs, &device);

	if (ret)
		return pp_err_set(err, -ret, "cannot query the RDMA device");
	ret = ibv_query_port(f->verbs, f->id->port_num ? f->id->port_num : 1, &port);
	if (ret)
		return pp_err_set(err, -ret, "cannot query the RDMA device's port");
	f->max_message_bytes = port.max_msg_sz;
	f->max_sges = PP_ENDPOINT_SGES;
	if (device.max_sge > 0 && (unsigned)device.max_sge < f->max_sges)
		f->max_sges = (unsigned)device.max_sge;
	return 0;
}

int pp_fabric_open(struct in_addr address, struct pp_fabric **out, struct pp_err *err)
{
	struct pp_fabric *f = calloc(1, sizeof(*f));
	int ret;

	*out = NULL;
	if (!f)
		return pp_err_set(err, -ENOMEM, "no memory for a fabric");
	f->address = address;
	ret = pp_cm_bind(address, &f->events, &f->id, err);
	if (ret)
		goto undo;
	f->verbs = f->id->verbs;
	ret = take_limits(f, err);
	if (ret)
		goto undo;
	f->pd = ibv_alloc_pd(f->verbs);
	if (!f->pd) {
		ret = pp_err_set(err, -errno, "cannot make a protection domain");
		goto undo;
	}
	*out = f;
	return 0;
undo:
	pp_fabric_close(f);
	return ret;
}

void pp_fabric_close(struct pp_fabric *f)
{
	if (!f)
		return;
	if (f->pd)
		ibv_dealloc_pd(f->pd);
	pp_cm_unbind(&f->events, &f->id);
	free(f);
}

unsigned pp_fabric_max_sges(const struct pp_fabric *f)
{
	return f->max_sges;
}

size_t pp_fabric_max_message_bytes(const struct pp_fabric *f)
{
	return f->max_message_bytes;
}

struct ibv_context *pp_fabric_open_device(const char *name)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_context *ctx = NULL;

	for (int i = 0; list && list[i] && !ctx; i++)
		if (!strcmp(ibv_get_device_name(list[i]), name))
			ctx = ibv_open_device(list[i]);
	if (list)
		ibv_free_device_list(list);
	return ctx;
}

int pp_fabric_reg_on(struct ibv_pd *pd, void *addr, size_t length_bytes, unsigned access,
		     struct ibv_mr **out, struct pp_err *err)
{
	char names[32];
	unsigned bits = verbs_access(access, names, sizeof(names));

	errno = 0;
	/* In parentheses: the function, which hides no bit from the kernel, not the macro around
	 * it. */
	*out = (ibv_reg_mr)(pd, addr, length_bytes, (int)bits);
	if (*out)
		return 0;
	return pp_err_set(err, errno ? -errno : -EIO,
			  "ibv_reg_mr() of %zu bytes at %p with access %s refused", length_bytes,
			  addr, names);
}

int pp_fabric_reg(struct pp_fabric *f, void *addr, size_t length_bytes, unsigned access,
		  struct pp_fmr **out, struct pp_err *err)
{
	struct pp_fmr *mr = calloc(1, sizeof(*mr));
	int ret;

	*out = NULL;
	if (!mr)
		return pp_err_set(err, -ENOMEM, "no memory for a memory region");
	ret = pp_fabric_reg_on(f->pd, addr, length_bytes, access, &mr->mr, err);
	if (ret)
		free(mr);
	else
		*out = mr;
	return ret;
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

int pp_fabric_odp(struct pp_fabric *f)
{
	struct ibv_device_attr_ex attr;

	if (ibv_query_device_ex(f->verbs, NULL, &attr))
		return 0;
	return (attr.odp_caps.general_caps & IBV_ODP_SUPPORT) != 0;
}
