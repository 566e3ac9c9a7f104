/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which plans and findings can be exported as a program: everything else is refused by name. */
#include <errno.h>
#include <string.h>

#include "core/export_private.h"

static int unable(struct exporter *e, const char *what, const char *name)
{
	return pp_err_set(e->err, -EOPNOTSUPP,
			  "cannot be exported: %s %s is not known to the exporter.", what, name);
}

static int check_region(struct exporter *e, const struct pp_region_def *r)
{
	static const enum pp_backing known[] = { PP_BACKING_ANON,       PP_BACKING_MEMFD,
						 PP_BACKING_TMPFS,      PP_BACKING_EXT4,
						 PP_BACKING_XFS,        PP_BACKING_BTRFS,
						 PP_BACKING_FSDAX_EXT4, PP_BACKING_FSDAX_XFS };

	if (r->eof != PP_EOF_INSIDE || r->fd_readonly || r->times > 1)
		return unable(e, "region", r->name);
	for (size_t i = 0; i < PP_ARRAY_LEN(known); i++)
		if (known[i] == r->backing)
			return 0;
	return unable(e, "backing", pp_backings[r->backing].name);
}

/* The operation whose bytes had to show: 0 for zeros, which nobody wrote; false if there is none.
 */
static bool find_expected(struct exporter *e)
{
	e->expected_op = 0;
	if (!e->x->expected.generation)
		return true;
	for (size_t i = 0; i < e->p->n_ops; i++) {
		const struct pp_op *op = &e->p->ops[i];

		if (op->actor == e->x->expected.writer && op->gen == e->x->expected.generation) {
			e->expected_op = op->id;
			return true;
		}
	}
	return false;
}

/* An expected write is missing, an operation that must work fails, one that must fail works, or the
 * kernel complains. */
static int check_finding(struct exporter *e)
{
	const struct pp_op *op = pp_plan_op(e->p, e->x->op);
	bool bytes = op && pp_verbs[op->verb].kind == PP_KIND_OBSERVE && e->x->has_expected &&
		     find_expected(e);
	bool failure = op && e->x->rule == PP_O12_EXPLAINED && e->x->cls == PP_CLASS_ERRNO;
	bool policy = op && op->verb == PP_VERB_REG &&
		      (e->x->cls == PP_CLASS_ACCEPTED || e->x->cls == PP_CLASS_REFUSED);

	e->log = e->x->rule == PP_O10_QUIET_KERNEL && e->x->cls == PP_CLASS_SPLAT;
	if (bytes || failure || policy || e->log)
		return 0;
	return pp_err_set(e->err, -EOPNOTSUPP,
			  "cannot be exported: a finding of %s, %s, is not known to the exporter.",
			  pp_rule_words[e->x->rule].name, pp_class_words[e->x->cls].name);
}

/* Is the operation's object registered memory of this kind? */
static bool registered(const struct exporter *e, const struct pp_op *op, enum pp_mr_kind kind)
{
	return pp_verbs[op->verb].target == PP_TARGET_MR && e->p->mrs[op->object].kind == kind;
}

static int check_op(struct exporter *e, const struct pp_op *op)
{
	const struct pp_verb_info *v = &pp_verbs[op->verb];

	if (!pp_export_verb(op->verb))
		return unable(e, "verb", v->name);
	if (pp_plan_via_fs(e->p, op) != PP_NO_INDEX)
		return unable(e, "transfer with filesystem", op->via);
	e->rdma |= registered(e, op, PP_MR_RXE);
	e->uring |= registered(e, op, PP_MR_URING) || v->via;
	e->disk |= v->target == PP_TARGET_FS;
	return 0;
}

int pp_export_check(struct exporter *e)
{
	const struct pp_plan *p = e->p;

	if (pp_plan_has_storm(p))
		return pp_err_set(e->err, -EOPNOTSUPP,
				  "cannot be exported: it has a storm; shrink it first.");
	if (p->n_gates)
		return unable(e, "gate", p->gates[0].name);
	for (size_t i = 0; i < p->n_regions; i++)
		if (check_region(e, &p->regions[i]))
			return -EOPNOTSUPP;
	for (size_t i = 0; i < p->n_ops; i++)
		if (check_op(e, &p->ops[i]))
			return -EOPNOTSUPP;
	return check_finding(e);
}
