/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which descriptors the case's process holds for the objects of its plan; see ledger_fds.h. */
#include "core/ledger_fds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum file { NEVER, OPEN, SHUT };

/* What an actor has opened for itself. */
struct own {
	const char *via[PP_FDS_VIAS];
	size_t n_vias;
	bool ring;   /* made when it is first needed, where the plan does not show that it is */
	bool thread; /* a second one, with a thread of the kernel that submits */
	bool pipe;   /* in which it holds pages */
	bool child;  /* of which it sees the end */
};

struct pp_fds {
	const struct pp_plan *plan;
	uint8_t *files; /* of each region: enum file */
	uint8_t *rings; /* of each MR: a registered buffer has a ring of its own, or two */
	struct own *own;
	bool rings_ready; /* the plan shows that each actor needs one: there from the beginning */
	size_t first_uses, done; /* of what is opened when it is first used: in the plan, so far */
};

static bool has_file(const struct pp_plan *p, uint16_t region)
{
	enum pp_backing b = p->regions[region].backing;

	return pp_backings[b].has_fd || b == PP_BACKING_SECRETMEM || b == PP_BACKING_PFNMAP;
}

static void use_region(struct pp_fds *f, uint16_t region)
{
	const struct pp_region_def *def;

	if (region == PP_NO_INDEX)
		return;
	def = &f->plan->regions[region];
	if (def->of != PP_NO_INDEX)
		use_region(f, def->of);
	if (f->files[region] != NEVER || !has_file(f->plan, region))
		return;
	f->files[region] = OPEN;
	f->done++;
}

static void use_disk(struct pp_fds *f, struct own *own, const char *name)
{
	for (size_t i = 0; i < own->n_vias; i++)
		if (!strcmp(own->via[i], name))
			return;
	if (own->n_vias == PP_FDS_VIAS) {
		memmove(own->via, own->via + 1, (PP_FDS_VIAS - 1) * sizeof(own->via[0]));
		own->n_vias--;
	}
	own->via[own->n_vias++] = name;
	f->done++;
}

/* What goes through a gate is put on the disk below it, or looked at there. A file of a filesystem
 * is closed again. */
static void use_via(struct pp_fds *f, struct own *own, const struct pp_op *op)
{
	uint16_t gate = pp_plan_gate(f->plan, op->via);

	if (!op->via[0] || pp_plan_via_fs(f->plan, op) != PP_NO_INDEX)
		return;
	use_disk(f, own, op->via);
	if (gate != PP_NO_INDEX)
		use_disk(f, own, f->plan->gates[gate].slot);
}

static bool by_ring(const struct pp_op *op)
{
	switch ((int)op->verb) {
	case PP_VERB_DIO_PWRITE:
	case PP_VERB_URING_READ:
	case PP_VERB_SELF_READ:
	case PP_VERB_SELF_WRITE:
		return true;
	case PP_VERB_DIO_PREAD: /* else it is a plain call */
		return op->split_bytes || op->depth || op->mode;
	default:
		return false;
	}
}

/* Others than the case's process, and what opens nothing. The file that the owner registers is one
 * of the case. */
static bool elsewhere(const struct pp_op *op)
{
	const struct pp_verb_info *v = &pp_verbs[op->verb];

	return (v->owner && op->verb != PP_VERB_OWN_REG) || v->kind == PP_KIND_LEDGER ||
	       op->verb == PP_VERB_PEER_LOAD;
}

static bool wants_thread(const struct pp_op *op)
{
	return op->mode & PP_MODE_SQPOLL && pp_verbs[op->verb].target == PP_TARGET_REGION;
}

static void first_use(struct pp_fds *f, const struct pp_op *op, int result)
{
	struct own *own = &f->own[op->actor];

	if (elsewhere(op))
		return;
	use_region(f, pp_plan_op_region(f->plan, op));
	if (op->verb == PP_VERB_REFLINK)
		use_region(f, op->to);
	use_via(f, own, op);
	if (by_ring(op) && !f->rings_ready && !own->ring) {
		own->ring = true;
		f->done++;
	}
	if (wants_thread(op) && result != -EOPNOTSUPP && !own->thread) {
		own->thread = true;
		f->done++;
	}
}

/* The rings of a buffer that is registered. */
static uint8_t rings_of(const struct pp_plan *p, uint16_t mr)
{
	uint8_t n = 1;

	if (p->mrs[mr].kind != PP_MR_URING)
		return 0;
	for (size_t i = 0; i < p->n_ops; i++)
		if (pp_verbs[p->ops[i].verb].target == PP_TARGET_MR && p->ops[i].object == mr &&
		    p->ops[i].mode & PP_MODE_SQPOLL)
			n = 2;
	return n;
}

static bool shows_rings(const struct pp_plan *p, const struct pp_op *op)
{
	const struct pp_verb_info *v = &pp_verbs[op->verb];

	return v->via ||
	       (v->target == PP_TARGET_MR && !v->owner && p->mrs[op->object].kind == PP_MR_URING);
}

static void forget(struct pp_fds *f)
{
	memset(f->files, NEVER, f->plan->n_regions + 1);
	memset(f->own, 0, (f->plan->n_actors + 1) * sizeof(*f->own));
	f->done = 0;
}

struct pp_fds *pp_fds_new(const struct pp_plan *plan)
{
	struct pp_fds *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->plan = plan;
	f->files = calloc(plan->n_regions + 1, sizeof(*f->files));
	f->rings = calloc(plan->n_mrs + 1, sizeof(*f->rings));
	f->own = calloc(plan->n_actors + 1, sizeof(*f->own));
	if (!f->files || !f->rings || !f->own) {
		pp_fds_free(f);
		return NULL;
	}
	for (size_t i = 0; i < plan->n_ops; i++)
		f->rings_ready |= shows_rings(plan, &plan->ops[i]);
	for (size_t i = 0; i < plan->n_mixes; i++)
		f->rings_ready |= shows_rings(plan, &plan->mixes[i].op);
	for (size_t i = 0; i < plan->n_ops; i++)
		first_use(f, &plan->ops[i], 0);
	f->first_uses = f->done;
	forget(f);
	return f;
}

void pp_fds_free(struct pp_fds *f)
{
	if (!f)
		return;
	free(f->files);
	free(f->rings);
	free(f->own);
	free(f);
}

/* Files stand in an unmount's way, also of one that fails then. */
static void shut(struct pp_fds *f, uint16_t fs)
{
	for (size_t i = 0; i < f->plan->n_regions; i++)
		if (f->plan->regions[i].fs == fs && f->files[i] == OPEN)
			f->files[i] = SHUT;
}

static void reopen(struct pp_fds *f, uint16_t fs)
{
	for (size_t i = 0; i < f->plan->n_regions; i++)
		if (f->plan->regions[i].fs == fs && f->files[i] == SHUT)
			f->files[i] = OPEN;
}

/* What opens and closes each time. */
static void change(struct pp_fds *f, const struct pp_event *e, const struct pp_op *op)
{
	struct own *own = &f->own[op->actor];
	bool worked = !e->result;

	switch ((int)e->verb) {
	case PP_VERB_REG:
		if (worked)
			f->rings[op->object] = rings_of(f->plan, op->object);
		break;
	case PP_VERB_DEREG:
		if (worked)
			f->rings[op->object] = 0;
		break;
	case PP_VERB_FORK:
		own->child |= worked;
		break;
	case PP_VERB_CHILD_HOLD:
		own->child |= worked;
		own->pipe |= worked;
		break;
	case PP_VERB_REAP:
	case PP_VERB_KILL:
		own->child = false;
		break;
	case PP_VERB_SPLICE_HOLD:
		own->pipe |= worked;
		break;
	case PP_VERB_SPLICE_DRAIN:
		own->pipe = false;
		break;
	case PP_VERB_UMOUNT:
		shut(f, op->object);
		break;
	case PP_VERB_COLD_READ:
		reopen(f, f->plan->regions[op->object].fs);
		break;
	}
}

void pp_fds_apply(struct pp_fds *f, const struct pp_event *e)
{
	const struct pp_op *op = pp_plan_op(f->plan, e->op);

	if (!op || e->flags & PP_EVENT_SKIPPED)
		return;
	first_use(f, op, e->result);
	change(f, e, op);
}

int64_t pp_fds_open(const struct pp_fds *f)
{
	int64_t n = 0;

	for (size_t i = 0; i < f->plan->n_regions; i++)
		n += f->files[i] == OPEN;
	for (size_t i = 0; i < f->plan->n_mrs; i++)
		n += f->rings[i];
	for (size_t i = 0; i < f->plan->n_actors; i++)
		n += (int64_t)f->own[i].n_vias + f->own[i].ring + f->own[i].thread +
		     f->own[i].child + 2 * f->own[i].pipe;
	return n;
}

bool pp_fds_pending(const struct pp_fds *f)
{
	return f->done < f->first_uses;
}
