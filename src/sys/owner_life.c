/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the owner does while it lives; see owner.h. */
#include <errno.h>
#include <fcntl.h>
#include <infiniband/verbs.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/fabric_cm.h"
#include "sys/message.h"
#include "sys/owner_private.h"
#include "sys/pinio.h"
#include "sys/region.h"

struct life {
	int socket, stay;
	const struct pp_plan *plan;
	struct ibv_context *device;
	struct ibv_pd *pd;
	struct ibv_mr **mrs;     /* of each MR of the plan */
	struct pp_pinio **rings; /* likewise */
	struct pp_region *regions;
	bool *buffers; /* of each MR: its ring has it registered */
	bool *mapped;  /* of each region */
};

static int drop_caps(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	return syscall(SYS_capset, &head, none) ? -errno : 0;
}

/* The device's file first: opening it may want what is then given up. */
static int begin(struct life *l, const char *ibdev, const struct pp_owner_limits *limits,
		 struct pp_err *err)
{
	rlim_t most = limits->limited ? (rlim_t)limits->memlock_bytes : RLIM_INFINITY;
	struct rlimit limit = { most, most };

	l->mrs = calloc(l->plan->n_mrs + 1, sizeof(*l->mrs));
	l->rings = calloc(l->plan->n_mrs + 1, sizeof(*l->rings));
	l->buffers = calloc(l->plan->n_mrs + 1, sizeof(*l->buffers));
	l->regions = calloc(l->plan->n_regions + 1, sizeof(*l->regions));
	l->mapped = calloc(l->plan->n_regions + 1, sizeof(*l->mapped));
	if (!l->mrs || !l->rings || !l->buffers || !l->regions || !l->mapped)
		return pp_err_set(err, -ENOMEM, "no memory");
	if (ibdev) {
		l->device = pp_fabric_open_device(ibdev);
		l->pd = l->device ? ibv_alloc_pd(l->device) : NULL;
		if (!l->pd)
			return pp_err_set(err, errno ? -errno : -ENODEV, "cannot open %s", ibdev);
	}
	/* Who may not lift the limit has what there is. */
	if (setrlimit(RLIMIT_MEMLOCK, &limit) && limits->limited)
		return pp_err_set(err, -errno, "cannot set RLIMIT_MEMLOCK");
	return limits->no_caps && drop_caps() ? pp_err_set(err, -EPERM, "cannot drop capabilities")
					      : 0;
}

/* The region as the plan says, of its own or of the object that @fd is. */
static int map(struct life *l, uint16_t index, int fd, const char *path, struct pp_err *err)
{
	const struct pp_region_def *def = &l->plan->regions[index];
	struct pp_region *r = &l->regions[index];
	struct pp_place nowhere = { 0 };
	int rc = 0;

	if (l->mapped[index])
		return 0;
	if (fd < 0) {
		rc = pp_region_create(r, def, &nowhere, err);
	} else {
		*r = (struct pp_region){ .def = def, .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0) };
		snprintf(r->path, sizeof(r->path), "%s", path);
	}
	if (!rc)
		rc = pp_region_map(r, err);
	l->mapped[index] = !rc;
	return rc;
}

static int reg_uring(struct life *l, uint16_t index, uint8_t *mem, struct pp_err *err)
{
	int rc = l->rings[index] ? 0 : pp_pinio_open(&l->rings[index], err);

	if (rc)
		return rc;
	rc = pp_pinio_register(l->rings[index], mem, l->plan->mrs[index].length_bytes, 0, err);
	l->buffers[index] = !rc;
	return rc;
}

static int reg(struct life *l, uint16_t index, int fd, const char *path, struct pp_err *err)
{
	const struct pp_mr_def *def = &l->plan->mrs[index];
	uint8_t *mem;
	int rc = map(l, def->region, fd, path, err);

	if (rc)
		return rc;
	if (l->mrs[index] || l->buffers[index])
		return pp_err_set(err, -EEXIST, "%s is registered already", def->name);
	mem = (uint8_t *)l->regions[def->region].addr + def->offset_bytes;
	if (def->kind == PP_MR_URING)
		return reg_uring(l, index, mem, err);
	if (!l->pd)
		return pp_err_set(err, -ENODEV, "it has no device");
	return pp_fabric_reg_on(l->pd, mem, def->length_bytes, def->access, &l->mrs[index], err);
}

static int dereg(struct life *l, uint16_t index, struct pp_err *err)
{
	int rc;

	if (l->mrs[index]) {
		rc = ibv_dereg_mr(l->mrs[index]);
		if (!rc)
			l->mrs[index] = NULL;
		return rc ? pp_err_set(err, rc < 0 ? -errno : -rc, "ibv_dereg_mr") : 0;
	}
	if (!l->buffers[index])
		return pp_err_set(err, -EINVAL, "it has not registered %s",
				  l->plan->mrs[index].name);
	rc = pp_pinio_unregister(l->rings[index], err);
	l->buffers[index] = rc != 0;
	return rc;
}

/* Rings are made first: theirs are mappings too, which would lie down in the gap. */
static int unmap(struct life *l, const struct pp_owner_request *q, int fd, struct pp_err *err)
{
	int rc = map(l, q->index, fd, q->path, err);

	for (uint16_t i = 0; !rc && i < l->plan->n_mrs; i++)
		if (l->plan->mrs[i].kind == PP_MR_URING && l->plan->mrs[i].region == q->index &&
		    !l->rings[i])
			rc = pp_pinio_open(&l->rings[i], err);
	if (!rc && munmap((uint8_t *)l->regions[q->index].addr + q->offset_bytes, q->length_bytes))
		rc = pp_err_set(err, -errno, "munmap");
	return rc;
}

/* All descriptors but the owner's socket stay open. It must outlive us, so that it cannot die with
 * its parent: it ends when the nursery kills it, or dies itself. */
__attribute__((noreturn)) static void heir_main(const struct life *l)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, 0);
	prctl(PR_SET_NAME, "pp-heir");
	close(l->socket);
	while (read(l->stay, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static int fork_heir(struct life *l, pid_t *heir, struct pp_err *err)
{
	*heir = fork();
	if (!*heir)
		heir_main(l);
	return *heir < 0 ? pp_err_set(err, -errno, "fork") : 0;
}

/* A program that stays until the nursery dies or ends it. */
static int exec_other(struct life *l, struct pp_err *err)
{
	static char *const argv[] = { "sh", "-c", "read line", NULL };

	if (dup2(l->stay, 0) < 0)
		return pp_err_set(err, -errno, "dup2");
	execv("/bin/sh", argv);
	return pp_err_set(err, -errno, "cannot execute /bin/sh");
}

static int serve(struct life *l, const struct pp_owner_request *q, int fd,
		 struct pp_owner_answer *a, struct pp_err *err)
{
	switch (q->what) {
	case PP_OWN_REG:
		return reg(l, q->index, fd, q->path, err);
	case PP_OWN_DEREG:
		return dereg(l, q->index, err);
	case PP_OWN_UNMAP:
		return unmap(l, q, fd, err);
	case PP_OWN_FORK:
		return fork_heir(l, &a->heir, err);
	default:
		return pp_err_set(err, -EINVAL, "not for the owner");
	}
}

static void answer(const struct life *l, struct pp_owner_answer *a, const struct pp_err *err)
{
	snprintf(a->why, sizeof(a->why), "%.255s", err->text);
	if (pp_message_send(l->socket, a, sizeof(*a), -1))
		_exit(1);
}

void pp_owner_live(int socket, int stay, const struct pp_plan *plan, const char *ibdev,
		   const struct pp_owner_request *start)
{
	struct life l = { .socket = socket, .stay = stay, .plan = plan };
	struct pp_owner_answer a = { 0 };
	struct pp_err err = { "" };
	struct pp_owner_request q;
	int fd;

	prctl(PR_SET_NAME, "pp-owner");
	signal(SIGCHLD, SIG_IGN);
	a.result = begin(&l, ibdev, &start->limits, &err);
	answer(&l, &a, &err);
	if (a.result)
		_exit(1);
	while (!pp_message_receive(socket, &q, sizeof(q), &fd)) {
		err.text[0] = '\0';
		a = (struct pp_owner_answer){ 0 };
		if (q.what == PP_OWN_END) {
			answer(&l, &a, &err);
			if (q.end != PP_OWNER_EXEC)
				_exit(0);
			a.result = exec_other(&l, &err); /* which the nursery waits for */
			answer(&l, &a, &err);
			continue;
		}
		a.result = serve(&l, &q, fd, &a, &err);
		if (fd >= 0)
			close(fd);
		answer(&l, &a, &err);
	}
	_exit(0);
}
