/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan as a stand-alone C program; see export.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/export_private.h"

const struct pp_finding *pp_export_finding(const struct pp_result *r)
{
	for (size_t i = 0; i < r->findings.count; i++)
		if (r->findings.items[i].defect < 0)
			return &r->findings.items[i];
	return r->findings.count ? &r->findings.items[0] : NULL;
}

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

	if (r->of != PP_NO_INDEX || r->eof != PP_EOF_INSIDE)
		return unable(e, "region", r->name);
	for (size_t i = 0; i < PP_ARRAY_LEN(known); i++)
		if (known[i] == r->backing)
			return 0;
	return unable(e, "backing", pp_backings[r->backing].name);
}

/* Either an expected write is missing, or an operation that must work fails. */
static int check_finding(struct exporter *e)
{
	const struct pp_op *op = pp_plan_op(e->p, e->x->op);
	bool bytes = op && pp_verbs[op->verb].kind == PP_KIND_OBSERVE && e->x->has_expected;
	bool failure = op && e->x->rule == PP_O12_EXPLAINED && e->x->cls == PP_CLASS_ERRNO;

	if (bytes || failure)
		return 0;
	return pp_err_set(e->err, -EOPNOTSUPP,
			  "cannot be exported: a finding of %s, %s, is not known to the exporter.",
			  pp_rule_words[e->x->rule].name, pp_class_words[e->x->cls].name);
}

static int check(struct exporter *e)
{
	const struct pp_plan *p = e->p;

	if (p->n_actors > 1 || pp_plan_has_storm(p))
		return pp_err_set(e->err, -EOPNOTSUPP,
				  "cannot be exported: it has %zu actors%s; shrink it first.",
				  p->n_actors, pp_plan_has_storm(p) ? " and a storm" : "");
	if (p->n_gates)
		return unable(e, "gate", p->gates[0].name);
	for (size_t i = 0; i < p->n_regions; i++)
		if (check_region(e, &p->regions[i]))
			return -EOPNOTSUPP;
	for (size_t i = 0; i < p->n_mrs; i++)
		if (p->mrs[i].kind != PP_MR_RXE)
			return unable(e, "registered buffer", p->mrs[i].name);
	for (size_t i = 0; i < p->n_ops; i++) {
		const struct pp_verb_info *v = &pp_verbs[p->ops[i].verb];

		if (!pp_export_verb(p->ops[i].verb))
			return unable(e, "verb", v->name);
		e->rdma |= v->target == PP_TARGET_MR;
		e->uring |= p->ops[i].verb == PP_VERB_DIO_READ;
		e->disk |= v->target == PP_TARGET_FS;
	}
	return check_finding(e);
}

static void put_part(struct exporter *e, const char *name)
{
	for (size_t i = 0; i < pp_export_n_parts; i++)
		if (!strcmp(pp_export_parts[i].name, name))
			fputs(pp_export_parts[i].text, e->f);
}

/* A comment must not end early, nor another begin in it, whatever a sentence quotes. */
static void put_comment(struct exporter *e, const char *text)
{
	char before = ' ';

	for (; *text; before = *text++)
		fputc(*text == '/' && (before == '*' || text[1] == '*') ? '|'
		      : *text < ' '                                     ? ' '
									: *text,
		      e->f);
}

static void put_head(struct exporter *e, const char *kernel)
{
	fprintf(e->f, "/*\n * ");
	put_comment(e, e->x->text);
	fprintf(e->f, "\n * Broken rule: %s %s. Seen on ", pp_rule_words[e->x->rule].name,
		pp_rule_words[e->x->rule].title);
	put_comment(e, kernel);
	fprintf(e->f, ".\n *\n * cc -O2 -Wall -o repro repro.c%s%s\n", e->rdma ? " -libverbs" : "",
		e->uring ? " -luring" : "");
	fprintf(e->f, " * ./repro");
	for (size_t i = 0; i < e->p->n_fs; i++)
		if (e->p->fs[i].slot[0])
			fprintf(e->f, " %s=/dev/...", e->p->fs[i].slot);
	for (size_t i = 0; e->uring && i < e->p->n_ops; i++)
		if (e->p->ops[i].via[0]) {
			fprintf(e->f, " %s=/dev/...", e->p->ops[i].via);
			break;
		}
	fprintf(e->f, "\n *\n * Exit status: 1 reproduced, 0 not reproduced, 125 cannot tell. As "
		      "root. The disks "
		      "are overwritten.\n");
	if (e->rdma)
		fprintf(e->f, " * Soft-RoCE: ip link add pp0 type dummy; ip addr add 192.0.2.1/24 "
			      "dev pp0;\n"
			      " * ip link set pp0 up; rdma link add pprxe type rxe netdev pp0\n");
	fprintf(e->f, " */\n");
}

/* Each slot is a parameter. */
static void put_slots(struct exporter *e)
{
	char seen[8][16], name[PP_NAME_MAX];
	size_t n = 0;

	for (size_t i = 0; i < e->p->n_fs + e->p->n_ops; i++) {
		const char *slot =
			i < e->p->n_fs ? e->p->fs[i].slot : e->p->ops[i - e->p->n_fs].via;
		size_t k = 0;

		while (k < n && strcmp(seen[k], slot))
			k++;
		if (!slot[0] || k < n || n == PP_ARRAY_LEN(seen))
			continue;
		memcpy(seen[n++], slot, sizeof(seen[0]));
		fprintf(e->f, "static const char *%s;\n", pp_export_ident(slot, name));
	}
	fprintf(e->f, "\nstatic void parameters(int argc, char **argv)\n{\n"
		      "\tfor (int i = 1; i < argc; i++) {\n");
	for (size_t k = 0; k < n; k++)
		fprintf(e->f,
			"\t\tif (!strncmp(argv[i], \"%s=\", %zu))\n\t\t\t%s = argv[i] + %zu;\n",
			seen[k], strlen(seen[k]) + 1, pp_export_ident(seen[k], name),
			strlen(seen[k]) + 1);
	fprintf(e->f, "\t\tprintf(\"%%s\\n\", argv[i]);\n\t}\n");
	for (size_t k = 0; k < n; k++)
		fprintf(e->f,
			"\tif (!%s) {\n\t\tfprintf(stderr, \"name a disk: %s=/dev/...\\n\");\n"
			"\t\texit(CANNOT_TELL);\n\t}\n",
			pp_export_ident(seen[k], name), seen[k]);
	fprintf(e->f, "}\n\n");
}

static void put_objects(struct exporter *e)
{
	char name[PP_NAME_MAX];

	for (size_t i = 0; i < e->p->n_fs; i++)
		fprintf(e->f, "static char %s_dir[] = \"/tmp/repro-XXXXXX\";\n",
			pp_export_ident(e->p->fs[i].name, name));
	for (size_t i = 0; i < e->p->n_regions; i++) {
		pp_export_ident(e->p->regions[i].name, name);
		fprintf(e->f, "#define %s_SIZE %" PRIu64 "\nstatic uint8_t *%s;\n", name,
			e->p->regions[i].size_bytes, name);
		if (pp_backings[e->p->regions[i].backing].has_file)
			fprintf(e->f, "static int %s_fd = -1;\n", name);
	}
	for (size_t i = 0; i < e->p->n_mrs; i++)
		fprintf(e->f, "static struct ibv_mr *%s;\n",
			pp_export_ident(e->p->mrs[i].name, name));
	if (!e->disk)
		return;
	fprintf(e->f, "\n/* Nothing stays mounted, however the program ends. */\n"
		      "static void cleanup(void)\n{\n");
	for (size_t i = 0; i < e->p->n_fs; i++) {
		pp_export_ident(e->p->fs[i].name, name);
		fprintf(e->f, "\tumount2(%s_dir, MNT_DETACH);\n\trmdir(%s_dir);\n", name, name);
	}
	fprintf(e->f, "}\n");
}

/* Behind an observation: what it saw, and of the finding's own whether it is what had to show. */
static void put_look(struct exporter *e, const struct emit *m)
{
	if (pp_verbs[m->op->verb].kind != PP_KIND_OBSERVE)
		return;
	fprintf(e->f, "\tsaw(\"%s\", buf, %" PRIu64 ", %" PRIu64 ");\n", m->what, m->at, m->length);
	if (m->op->id != e->x->op)
		return;
	fprintf(e->f,
		"\tsymptom_unless(\"%s\", buf + %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %u);\n",
		m->what, e->x->offset_bytes - m->at, e->x->offset_bytes, e->x->length_bytes,
		e->x->expected.generation);
}

static void put_op(struct exporter *e, const struct pp_op *op)
{
	struct emit m = { .op = op, .at = pp_plan_op_offset(e->p, op), .length = op->length_bytes };
	uint16_t region = pp_plan_op_region(e->p, op);

	pp_export_names(e->p, op, &m.n);
	snprintf(m.what, sizeof(m.what), "op %u %s", op->id, pp_verbs[op->verb].name);
	m.checker = op->id == e->x->op && e->x->cls == PP_CLASS_ERRNO ? "symptom_if_fails" : "must";
	fprintf(e->f, "\n\t/* %s */\n", m.what);
	if (region != PP_NO_INDEX && pp_backings[e->p->regions[region].backing].has_file)
		pp_export_file(e, &m);
	pp_export_verb(op->verb)(e, &m);
	put_look(e, &m);
}

static size_t longest(const struct pp_plan *p)
{
	size_t most = 4096;

	for (size_t i = 0; i < p->n_ops; i++)
		if (p->ops[i].length_bytes > most)
			most = p->ops[i].length_bytes;
	return most;
}

static void put_main(struct exporter *e)
{
	fprintf(e->f, "\nint main(int argc, char **argv)\n{\n\tuint8_t *buf = buffer(%zu);\n",
		longest(e->p));
	fprintf(e->f,
		"\tstruct iovec local __attribute__((unused)), remote __attribute__((unused));\n"
		"\tpid_t child __attribute__((unused)) = -1;\n\n"
		"\tparameters(argc, argv);\n");
	if (e->disk)
		fprintf(e->f, "\tatexit(cleanup);\n");
	if (e->rdma)
		fprintf(e->f, "\trdma_open();\n");
	for (size_t i = 0; i < e->p->n_ops; i++)
		put_op(e, &e->p->ops[i]);
	fprintf(e->f, "\n\tprintf(\"%%s\\n\", reproduced ? \"reproduced\" : \"not reproduced\");\n"
		      "\tfree(buf);\n\treturn reproduced ? REPRODUCED : 0;\n}\n");
}

int pp_export_c(const struct pp_plan *plan, const struct pp_result *r, const char *kernel,
		char **out, struct pp_err *err)
{
	struct exporter e = { .p = plan, .x = pp_export_finding(r), .err = err };
	size_t len;
	int rc;

	*out = NULL;
	if (!e.x)
		return pp_err_set(err, -ENOENT, "nothing was found: there is nothing to show.");
	rc = check(&e);
	if (rc)
		return rc;
	e.f = open_memstream(out, &len);
	if (!e.f)
		return pp_err_set(err, -ENOMEM, "export");
	put_head(&e, kernel);
	put_part(&e, "base");
	if (e.rdma)
		put_part(&e, "rdma");
	if (e.disk)
		put_part(&e, "disk");
	if (e.uring)
		put_part(&e, "uring");
	fputc('\n', e.f);
	put_slots(&e);
	put_objects(&e);
	put_main(&e);
	if (fclose(e.f)) {
		free(*out);
		*out = NULL;
		return pp_err_set(err, -ENOMEM, "export");
	}
	return 0;
}
