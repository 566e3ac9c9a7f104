/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probes that count entries into the kernel's functions; see cover.h. */
#include "sys/cover.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#define EVENT_PREFIX "cover_"

/* A function of the list in this kernel. */
struct probe {
	char symbol[128]; /* its own name, or that of the clone which the compiler made of it */
	unsigned found;   /* symbols of that name: more than one cannot be told apart */
	bool partly, made;
	uint64_t hits, missed; /* at the last reading */
};

struct pp_cover {
	struct tracefs_instance *instance;
	struct pp_coverage *coverage;
	struct probe *probes; /* one for each function of the coverage */
	char group[32];
};

static int failed(struct pp_covered *f, const char *why)
{
	f->state = PP_PROBE_FAILED;
	snprintf(f->why, sizeof(f->why), "%s", why);
	return -ENODEV;
}

/*
 * "name", "name.isra.0" and "name.constprop.0" are the whole function, "name.part.0" is what was
 * not inlined of it, "name.cold" what is jumped to from inside.
 */
static bool is_clone(const char *suffix, bool *partly)
{
	*partly = strstr(suffix, ".part.") != NULL;
	return !strstr(suffix, ".cold") &&
	       (*partly || strstr(suffix, ".isra.") || strstr(suffix, ".constprop."));
}

static void take_symbol(struct pp_cover *p, char *symbol)
{
	char name[PP_FUNCTION_MAX];
	size_t len = strcspn(symbol, ".");
	bool partly = false;
	struct probe *probe;
	long at;

	if (len >= sizeof(name) || (symbol[len] && !is_clone(symbol + len, &partly)))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)len, symbol);
	at = pp_coverage_find(p->coverage, name);
	if (at < 0)
		return;
	probe = &p->probes[at];
	/* a whole one is better than a part */
	if (probe->found && partly && !probe->partly)
		return;
	if (probe->found && !partly && probe->partly)
		probe->found = 0;
	probe->found++;
	probe->partly = partly;
	snprintf(probe->symbol, sizeof(probe->symbol), "%s", symbol);
}

/* Lines "ADDRESS TYPE NAME" and perhaps a module. */
static int read_symbols(struct pp_cover *p, struct pp_err *err)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	char line[512], type, symbol[128];
	bool cut;

	if (!f)
		return pp_err_set(err, -errno, "cannot read /proc/kallsyms");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*x %c %127s", &type, symbol) == 2 && strchr("tTwW", type))
			take_symbol(p, symbol);
	/* A function that was not read of must not be told as one that is not there. */
	cut = ferror(f);
	fclose(f);
	return cut ? pp_err_set(err, -EIO, "cannot read all of /proc/kallsyms") : 0;
}

static void event_name(const struct pp_covered *f, char *out, size_t size)
{
	snprintf(out, size, EVENT_PREFIX "%s", f->name);
}

static void make_probe(struct pp_cover *p, size_t i)
{
	struct pp_covered *f = &p->coverage->functions[i];
	struct probe *probe = &p->probes[i];
	char event[PP_FUNCTION_MAX + 16];

	if (!probe->found)
		return;
	if (probe->found > 1) {
		failed(f, "the kernel has several functions of that name");
		return;
	}
	event_name(f, event, sizeof(event));
	errno = 0;
	if (tracefs_kprobe_raw(p->group, event, probe->symbol, "")) {
		failed(f, strerror(errno ? errno : EIO));
		return;
	}
	probe->made = true;
	errno = 0;
	/* tracefs_event_enable() would look through all events of the group, each time */
	if (tracefs_event_file_write(p->instance, p->group, event, "enable", "1") < 0) {
		failed(f, strerror(errno ? errno : EIO));
		return;
	}
	f->state = probe->partly ? PP_PROBE_PARTLY : PP_PROBE_ARMED;
	f->why[0] = '\0';
}

static int make_instance(struct pp_cover *p, struct pp_err *err)
{
	const char *dir = NULL;

	/* The library would mount one. */
	if (tracefs_tracing_dir_is_mounted(false, &dir) != 1 || !dir)
		return pp_err_set(
			err, -ENOENT,
			"tracefs is not mounted (mount -t tracefs tracefs /sys/kernel/tracing).");
	/* named as the tracer's, whose sweep removes what a dead process left */
	snprintf(p->group, sizeof(p->group), "pinproof_%d_c", (int)getpid());
	errno = 0;
	p->instance = tracefs_instance_create(p->group);
	if (!p->instance)
		return pp_err_set(err, errno ? -errno : -EIO, "trace instance %s", p->group);
	tracefs_trace_off(p->instance);
	tracefs_instance_file_write(p->instance, "trace_options", "norecord-cmd");
	return 0;
}

static int arm_all(struct pp_cover *p, struct pp_err *err)
{
	size_t armed = 0;
	int rc = read_symbols(p, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < p->coverage->n_functions; i++) {
		make_probe(p, i);
		armed += p->coverage->functions[i].state <= PP_PROBE_PARTLY;
	}
	return armed ? 0
		     : pp_err_set(err, -ENODEV, "not one of %zu probes could be armed.",
				  p->coverage->n_functions);
}

int pp_cover_open(struct pp_cover **out, struct pp_coverage *c, struct pp_err *err)
{
	struct pp_cover *p = calloc(1, sizeof(*p));
	int rc = 0;

	if (p)
		p->probes = calloc(c->n_functions + 1, sizeof(*p->probes));
	if (!p || !p->probes) {
		free(p);
		return pp_err_set(err, -ENOMEM, "coverage");
	}
	p->coverage = c;
	rc = make_instance(p, err);
	if (!rc)
		rc = arm_all(p, err);
	if (rc) {
		pp_cover_close(p);
		return rc;
	}
	*out = p;
	return 0;
}

void pp_cover_close(struct pp_cover *p)
{
	char event[PP_FUNCTION_MAX + 16], line[128];

	if (!p)
		return;
	if (p->instance) {
		tracefs_event_disable(p->instance, p->group, NULL);
		tracefs_instance_destroy(p->instance);
		tracefs_instance_free(p->instance);
	}
	for (size_t i = 0; i < p->coverage->n_functions; i++) {
		if (!p->probes[i].made)
			continue;
		event_name(&p->coverage->functions[i], event, sizeof(event));
		snprintf(line, sizeof(line), "-:%s/%s", p->group, event);
		tracefs_instance_file_append(NULL, "kprobe_events", line);
	}
	free(p->probes);
	free(p);
}

/* Adds what lines "NAME HITS MISSES" say beyond the last reading to @k, unless that is NULL. */
static int read_hits(struct pp_cover *p, struct pp_case_coverage *k, struct pp_err *err)
{
	char *text = tracefs_instance_file_read(NULL, "kprobe_profile", NULL), *save = NULL;
	uint64_t hits, missed;
	char name[128];
	long at;

	if (!text)
		return pp_err_set(err, -EIO, "cannot read kprobe_profile");
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, " " EVENT_PREFIX "%127s %" SCNu64 " %" SCNu64, name, &hits,
			   &missed) != 3)
			continue;
		at = pp_coverage_find(p->coverage, name);
		if (at < 0)
			continue;
		if (k) {
			k->hits[at] += hits - p->probes[at].hits;
			k->missed += missed - p->probes[at].missed;
		}
		p->probes[at].hits = hits;
		p->probes[at].missed = missed;
	}
	free(text);
	return 0;
}

int pp_cover_begin(struct pp_cover *p, struct pp_err *err)
{
	return read_hits(p, NULL, err);
}

int pp_cover_end(struct pp_cover *p, struct pp_case_coverage *k, struct pp_err *err)
{
	return read_hits(p, k, err);
}
