/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file `trace`: a head of words, then a line for each event; docs/trace.md describes it. */
#include "core/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "pinproof-trace"

static void print_head(FILE *f, const struct pp_trace *t)
{
	const char *absent = t->absent ? t->absent : "";

	fprintf(f, MAGIC " %u\nstart %" PRIu64 "\nlost %" PRIu64 "\nforeign %" PRIu64 "\n",
		PP_TRACE_VERSION, t->start_ns, t->lost, t->foreign);
	while (*absent) {
		size_t len = strcspn(absent, "\n");

		if (len)
			fprintf(f, "absent %.*s\n", (int)len, absent);
		absent += len;
		absent += *absent == '\n';
	}
}

/* Only the kinds that occur: a short case has a short file. */
static void print_kinds(FILE *f, const struct pp_trace *t)
{
	bool used[PP_TRACE_KINDS] = { false };

	for (size_t k = 0; k < t->n_events; k++)
		used[t->events[k].decl] = true;
	for (size_t i = 0; i < t->n_decls; i++) {
		const struct pp_trace_decl *d = &t->decls[i];

		if (!used[i])
			continue;
		fprintf(f, "kind %zu %s", i, d->name);
		for (size_t a = 0; a < d->n_args; a++)
			fprintf(f, " %s:%c", d->args[a].name, d->args[a].type);
		fputc('\n', f);
	}
}

/* Numbers by hand: a trace is mostly numbers, and printf() takes ten times as long. */
static char *put_decimal(char *at, uint64_t value)
{
	char digits[20];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (n)
		*at++ = digits[--n];
	return at;
}

static char *put_hex(char *at, uint64_t value)
{
	unsigned shift = 0;

	*at++ = '0';
	*at++ = 'x';
	while (shift < 60 && value >> (shift + 4))
		shift += 4;
	for (;; shift -= 4) {
		*at++ = "0123456789abcdef"[value >> shift & 0xf];
		if (!shift)
			return at;
	}
}

static char *put_word(char *at, uint64_t value)
{
	char word[sizeof(value) + 1] = "";

	memcpy(word, &value, sizeof(value));
	pp_trace_clean(word[0] ? word : "-", word, sizeof(word));
	for (size_t i = 0; word[i]; i++)
		*at++ = word[i];
	return at;
}

static char *put_arg(char *at, char type, uint64_t value)
{
	if (type == 'x')
		return put_hex(at, value);
	if (type == 's')
		return put_word(at, value);
	if (type == 'd' && (int64_t)value < 0) {
		*at++ = '-';
		value = -value;
	}
	return put_decimal(at, value);
}

void pp_trace_arg_text(const struct pp_trace *t, const struct pp_trace_event *e, size_t i,
		       char out[PP_TRACE_ARG_TEXT])
{
	*put_arg(out, t->decls[e->decl].args[i].type, e->args[i]) = '\0';
}

/* A time, a processor, a thread, a kind, and the arguments, each with what stands before it. */
#define EVENT_BYTES (4 * 21 + PP_TRACE_ARGS * PP_TRACE_ARG_TEXT + 1)

static void print_event(FILE *f, const struct pp_trace *t, const struct pp_trace_event *e)
{
	const struct pp_trace_decl *d = &t->decls[e->decl];
	char line[EVENT_BYTES], *at = line;

	*at++ = '@';
	at = put_decimal(at, e->time_ns);
	*at++ = ' ';
	at = put_decimal(at, e->cpu);
	*at++ = ' ';
	at = put_decimal(at, e->pid);
	*at++ = ' ';
	at = put_decimal(at, e->decl);
	for (size_t i = 0; i < d->n_args; i++) {
		*at++ = ' ';
		at = put_arg(at, d->args[i].type, e->args[i]);
	}
	*at++ = '\n';
	fwrite(line, (size_t)(at - line), 1, f);
}

char *pp_trace_print(const struct pp_trace *t, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len); /* a growing buffer, no file */

	if (!f)
		return NULL;
	print_head(f, t);
	print_kinds(f, t);
	for (size_t i = 0; i < t->n_threads; i++)
		fprintf(f, "thread %u %s %s\n", t->threads[i].pid,
			t->threads[i].kernel ? "kernel" : "case",
			t->threads[i].name[0] ? t->threads[i].name : "-");
	for (size_t i = 0; i < t->n_events; i++)
		print_event(f, t, &t->events[i]);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

/* One line, cut into words from the front. */
struct line {
	const char *at, *end;
};

static bool word(struct line *l, char *out, size_t size)
{
	size_t len = 0;

	while (l->at < l->end && *l->at == ' ')
		l->at++;
	while (l->at + len < l->end && l->at[len] != ' ')
		len++;
	if (!len || len >= size)
		return false;
	memcpy(out, l->at, len);
	out[len] = '\0';
	l->at += len;
	return true;
}

static bool number(struct line *l, uint64_t most, uint64_t *out)
{
	char text[32], *end;

	if (!word(l, text, sizeof(text)) || text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return !errno && !*end && *out <= most;
}

static bool value_of(const char *text, char type, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = 0;
	if (type == 's') {
		memcpy(out, text, strlen(text) < sizeof(*out) ? strlen(text) : sizeof(*out));
		return true;
	}
	if (type == 'd' && text[0] == '-')
		*out = (uint64_t)strtoll(text, &end, 10);
	else if (text[0] >= '0' && text[0] <= '9')
		*out = strtoull(text, &end, 0);
	else
		return false;
	return !errno && !*end;
}

static const struct pp_trace_kind *kind_called(const char *name)
{
	for (size_t i = 0; i < pp_n_trace_kinds; i++) {
		size_t len = strlen(pp_trace_kinds[i].system);

		if (!strncmp(name, pp_trace_kinds[i].system, len) && name[len] == ':' &&
		    !strcmp(name + len + 1, pp_trace_kinds[i].event))
			return &pp_trace_kinds[i];
	}
	return NULL;
}

/* What is declared must mean the same here: a kind of the table is one only with its arguments. */
static bool same_args(const struct pp_trace_decl *d)
{
	struct pp_trace_arg args[PP_TRACE_ARGS];
	size_t n = pp_trace_kind_args(d->kind, args);

	for (size_t i = 0; n == d->n_args && i < n; i++)
		if (strcmp(args[i].name, d->args[i].name) || args[i].type != d->args[i].type)
			return false;
	return n == d->n_args;
}

/* "kind NUMBER NAME ARG:TYPE..." */
static int parse_kind(struct pp_trace *t, struct line *l)
{
	struct pp_trace_decl *d;
	char text[64];
	uint64_t index;

	if (!number(l, PP_TRACE_KINDS - 1, &index) || !word(l, text, sizeof(text)))
		return -EINVAL;
	d = &t->decls[index];
	if (d->name[0])
		return -EINVAL;
	snprintf(d->name, sizeof(d->name), "%s", text);
	while (word(l, text, sizeof(d->args[0].name))) {
		size_t len = strlen(text);

		if (d->n_args == PP_TRACE_ARGS || len < 3 || text[len - 2] != ':' ||
		    !strchr("udxs", text[len - 1]))
			return -EINVAL;
		d->args[d->n_args].type = text[len - 1];
		text[len - 2] = '\0';
		snprintf(d->args[d->n_args++].name, sizeof(d->args[0].name), "%s", text);
	}
	d->kind = kind_called(d->name);
	if (d->kind && !same_args(d))
		d->kind = NULL;
	return l->at == l->end ? 0 : -EINVAL;
}

/* "thread PID case|kernel NAME" */
static int parse_thread(struct pp_trace *t, struct line *l)
{
	char whose[8], name[PP_TRACE_COMM];
	uint64_t pid;
	bool kernel;

	if (!number(l, UINT32_MAX, &pid) || !word(l, whose, sizeof(whose)) ||
	    !word(l, name, sizeof(name)))
		return -EINVAL;
	kernel = !strcmp(whose, "kernel");
	if (!kernel && strcmp(whose, "case"))
		return -EINVAL;
	return pp_trace_thread(t, (uint32_t)pid, kernel, name);
}

/* "@TIME CPU PID KIND VALUE..." */
static int parse_event(struct pp_trace *t, struct line *l)
{
	struct pp_trace_event e = { 0 };
	uint64_t cpu, pid, decl;
	const struct pp_trace_decl *d;
	char text[32];

	if (!number(l, UINT64_MAX, &e.time_ns) || !number(l, UINT16_MAX, &cpu) ||
	    !number(l, UINT32_MAX, &pid) || !number(l, PP_TRACE_KINDS - 1, &decl))
		return -EINVAL;
	d = &t->decls[decl];
	if (!d->name[0] || (t->n_events && e.time_ns < t->events[t->n_events - 1].time_ns))
		return -EINVAL;
	for (size_t i = 0; i < d->n_args; i++)
		if (!word(l, text, sizeof(text)) || !value_of(text, d->args[i].type, &e.args[i]))
			return -EINVAL;
	e.cpu = (uint16_t)cpu;
	e.pid = (uint32_t)pid;
	e.decl = (uint16_t)decl;
	return l->at == l->end ? pp_trace_add(t, &e) : -EINVAL;
}

static int parse_absent(struct pp_trace *t, const struct line *l)
{
	size_t had = t->absent ? strlen(t->absent) : 0, len = (size_t)(l->end - l->at);
	char *more = realloc(t->absent, had + len + 2);

	if (!more)
		return -ENOMEM;
	snprintf(more + had, len + 2, "%.*s\n", (int)len, l->at);
	t->absent = more;
	return 0;
}

static int parse_number(struct line *l, uint64_t *out)
{
	return number(l, UINT64_MAX, out) && l->at == l->end ? 0 : -EINVAL;
}

static int parse_line(struct pp_trace *t, struct line *l)
{
	char first[16];

	if (*l->at == '@') {
		l->at++;
		return parse_event(t, l);
	}
	if (!word(l, first, sizeof(first)))
		return -EINVAL;
	l->at += l->at < l->end;
	if (!strcmp(first, "kind"))
		return parse_kind(t, l);
	if (!strcmp(first, "thread"))
		return parse_thread(t, l);
	if (!strcmp(first, "absent"))
		return parse_absent(t, l);
	if (!strcmp(first, "start"))
		return parse_number(l, &t->start_ns);
	if (!strcmp(first, "lost"))
		return parse_number(l, &t->lost);
	if (!strcmp(first, "foreign"))
		return parse_number(l, &t->foreign);
	return -EINVAL;
}

static int parse_version(struct line *l, struct pp_err *err)
{
	char first[16];
	uint64_t version;

	if (!word(l, first, sizeof(first)) || strcmp(first, MAGIC) ||
	    !number(l, UINT32_MAX, &version) || l->at != l->end)
		return pp_err_set(err, -EINVAL, "line 1: no trace begins like this.");
	if (version != PP_TRACE_VERSION)
		return pp_err_set(err, -EPROTO, "a trace of version %" PRIu64 ", not %u.", version,
				  PP_TRACE_VERSION);
	return 0;
}

static int parse_lines(const char *text, size_t len, struct pp_trace *t, struct pp_err *err)
{
	const char *end = text + len;
	size_t n = 0;
	int rc = 0;

	while (!rc && (text < end || !n)) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		struct line l = { text, newline ? newline : end };

		n++;
		if (!newline || memchr(text, '\0', (size_t)(l.end - text)))
			return pp_err_set(err, -EINVAL, "line %zu is cut off or no text.", n);
		text = newline + 1;
		if (n == 1)
			rc = parse_version(&l, err);
		else if (l.at == l.end)
			rc = pp_err_set(err, -EINVAL, "line %zu is empty.", n);
		else if ((rc = parse_line(t, &l)))
			pp_err_set(err, rc, "line %zu does not say what such a line says", n);
	}
	return rc;
}

int pp_trace_parse(const char *text, size_t len, struct pp_trace *out, struct pp_err *err)
{
	int rc;

	memset(out, 0, sizeof(*out));
	out->decls = calloc(PP_TRACE_KINDS, sizeof(*out->decls));
	if (!out->decls)
		return pp_err_set(err, -ENOMEM, "trace");
	out->n_decls = PP_TRACE_KINDS;
	rc = parse_lines(text, len, out, err);
	if (rc)
		pp_trace_free(out);
	return rc;
}
