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

/* A string of C: the finding's text without what counts its repetitions. */
static void put_string(struct exporter *e, const char *text)
{
	size_t len = strlen(text);
	const char *times = strstr(text, " (");

	for (const char *t = times; t; t = strstr(t + 1, " ("))
		if (len > 7 && !strcmp(text + len - 7, " times)"))
			len = (size_t)((times = t) - text);
	fputc('"', e->f);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\\')
			fputc('\\', e->f);
		fputc(text[i] < ' ' ? ' ' : text[i], e->f);
	}
	fputc('"', e->f);
}

static void put_head(struct exporter *e, const char *kernel)
{
	fprintf(e->f, "/*\n * ");
	put_comment(e, e->x->text);
	fprintf(e->f, "\n * Broken rule: %s %s. Seen on ", pp_rule_words[e->x->rule].name,
		pp_rule_words[e->x->rule].title);
	put_comment(e, kernel);
	fprintf(e->f, ".\n *\n * cc -O2 -Wall -o repro repro.c%s%s%s\n",
		e->p->n_actors > 1 ? " -pthread" : "", e->rdma ? " -libverbs" : "",
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
	if (e->p->n_actors > 1)
		fprintf(e->f,
			" * It has %zu threads: what depends on their race may want many "
			"runs.\n",
			e->p->n_actors);
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
		if (pp_export_own_file(e->p, i))
			fprintf(e->f, "static int %s_fd = -1;\n", name);
	}
	for (size_t i = 0; i < e->p->n_mrs; i++)
		fprintf(e->f, "static struct %s *%s;\n",
			e->p->mrs[i].kind == PP_MR_URING ? "io_uring" : "ibv_mr",
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
	if (m->op->id != e->x->op || !e->x->has_expected)
		return;
	fprintf(e->f,
		"\tsymptom_unless(\"%s\", buf + %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %u);\n",
		m->what, e->x->offset_bytes - m->at, e->x->offset_bytes, e->x->length_bytes,
		e->expected_op);
}

/* Only what waits for another thread, or is waited for by one, says so. */
static bool awaited(const struct exporter *e, const struct pp_op *op)
{
	for (size_t i = 0; i < e->p->n_ops; i++) {
		const struct pp_op *later = &e->p->ops[i];

		for (uint32_t k = 0; later->actor != op->actor && k < later->after_count; k++)
			if (e->p->after[later->after_first + k] == op->id)
				return true;
	}
	return false;
}

static void put_order(struct exporter *e, const struct pp_op *op)
{
	for (uint32_t k = 0; k < op->after_count; k++) {
		const struct pp_op *before = pp_plan_op(e->p, e->p->after[op->after_first + k]);

		if (before && before->actor != op->actor)
			fprintf(e->f, "\twait_for(&ended[%zu]); /* op %u */\n",
				(size_t)(before - e->p->ops), before->id);
	}
}

static const char *checker(const struct exporter *e, const struct pp_op *op)
{
	if (op->id == e->x->op && e->x->cls == PP_CLASS_ERRNO)
		return "symptom_if_fails";
	return op->expect == PP_EXPECT_OK ? "must" : "may_fail";
}

static void put_op(struct exporter *e, const struct pp_op *op)
{
	struct emit m = { .op = op, .at = pp_plan_op_offset(e->p, op), .length = op->length_bytes };

	pp_export_names(e->p, op, &m.n);
	snprintf(m.what, sizeof(m.what), "op %u %s", op->id, pp_verbs[op->verb].name);
	m.checker = checker(e, op);
	fprintf(e->f, "\n\t/* %s */\n", m.what);
	put_order(e, op);
	pp_export_verb(op->verb)(e, &m);
	put_look(e, &m);
	if (awaited(e, op))
		fprintf(e->f, "\thas_ended(&ended[%zu]);\n", (size_t)(op - e->p->ops));
}

static size_t longest(const struct pp_plan *p)
{
	size_t most = 4096;

	for (size_t i = 0; i < p->n_ops; i++)
		if (p->ops[i].length_bytes > most)
			most = p->ops[i].length_bytes;
	return most;
}

static bool moves_rdma(const struct exporter *e, uint16_t actor)
{
	for (size_t i = 0; i < e->p->n_ops; i++) {
		const struct pp_op *op = &e->p->ops[i];

		if (op->actor == actor && pp_verbs[op->verb].target == PP_TARGET_MR &&
		    op->verb != PP_VERB_REG && op->verb != PP_VERB_DEREG &&
		    e->p->mrs[op->object].kind == PP_MR_RXE)
			return true;
	}
	return false;
}

/* What one actor does, in a function that can be a thread's. */
static void put_actor(struct exporter *e, uint16_t actor)
{
	char name[PP_NAME_MAX];

	fprintf(e->f, "\nstatic void *actor_%s(void *unused)\n{\n\tuint8_t *buf = buffer(%zu);\n",
		pp_export_ident(e->p->actors[actor], name), longest(e->p));
	fprintf(e->f,
		"\tstruct iovec local __attribute__((unused)), remote __attribute__((unused));\n"
		"\tint held[2] __attribute__((unused)) = { -1, -1 };\n"
		"\tpid_t child __attribute__((unused)) = -1;\n\n");
	if (moves_rdma(e, actor))
		fprintf(e->f, "\trdma_connect();\n");
	for (size_t i = 0; i < e->p->n_ops; i++)
		if (e->p->ops[i].actor == actor)
			put_op(e, &e->p->ops[i]);
	fprintf(e->f, "\n\tfree(buf);\n\treturn unused;\n}\n");
}

static void put_threads(struct exporter *e)
{
	char name[PP_NAME_MAX];

	for (size_t i = 0; i < e->p->n_actors; i++)
		fprintf(e->f,
			"\tif (pthread_create(&threads[%zu], NULL, actor_%s, NULL))\n"
			"\t\tcannot(\"thread\");\n",
			i, pp_export_ident(e->p->actors[i], name));
	fprintf(e->f, "\tfor (int i = 0; i < %zu; i++)\n\t\tpthread_join(threads[i], NULL);\n",
		e->p->n_actors);
}

static void put_main(struct exporter *e)
{
	char name[PP_NAME_MAX];

	fprintf(e->f, "\nint main(int argc, char **argv)\n{\n");
	if (e->p->n_actors > 1)
		fprintf(e->f, "\tpthread_t threads[%zu];\n\n", e->p->n_actors);
	fprintf(e->f, "\tparameters(argc, argv);\n");
	if (e->disk)
		fprintf(e->f, "\tatexit(cleanup);\n");
	if (e->log)
		fprintf(e->f, "\tlog_open();\n");
	if (e->rdma)
		fprintf(e->f, "\trdma_open();\n");
	pp_export_memfds(e);
	if (e->p->n_actors > 1)
		put_threads(e);
	else if (e->p->n_actors)
		fprintf(e->f, "\tactor_%s(NULL);\n", pp_export_ident(e->p->actors[0], name));
	if (e->log) {
		fprintf(e->f, "\tsymptom_in_log(");
		put_string(e, e->x->text);
		fprintf(e->f, ");\n");
	}
	fprintf(e->f, "\n\tprintf(\"%%s\\n\", reproduced ? \"reproduced\" : \"not reproduced\");\n"
		      "\treturn reproduced ? REPRODUCED : 0;\n}\n");
}

static void put_program(struct exporter *e, const char *kernel)
{
	put_head(e, kernel);
	put_part(e, "base");
	if (e->rdma)
		put_part(e, "rdma");
	if (e->disk)
		put_part(e, "disk");
	if (e->uring)
		put_part(e, "uring");
	if (e->log)
		put_part(e, "log");
	if (e->p->n_actors > 1) {
		put_part(e, "threads");
		fprintf(e->f, "\nstatic char ended[%zu] __attribute__((unused));\n", e->p->n_ops);
	}
	fputc('\n', e->f);
	put_slots(e);
	put_objects(e);
	for (size_t i = 0; i < e->p->n_actors; i++)
		put_actor(e, (uint16_t)i);
	put_main(e);
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
	rc = pp_export_check(&e);
	if (rc)
		return rc;
	e.f = open_memstream(out, &len);
	if (!e.f)
		return pp_err_set(err, -ENOMEM, "export");
	put_program(&e, kernel);
	if (fclose(e.f)) {
		free(*out);
		*out = NULL;
		return pp_err_set(err, -ENOMEM, "export");
	}
	return 0;
}
