/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which kinds of events this kernel has: probes are made, all are enabled, and what cannot be had
 * says why; see tracer.h. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/words.h"
#include "sys/tracer_private.h"

#define NO_TRACEPOINT "the kernel has no such tracepoint"

#define PREFIX "pinproof_" /* and a process id: of instances and of groups of probes */

static int no_kind(struct pp_tracer_kind *k, const char *why)
{
	snprintf(k->why, sizeof(k->why), "%s", why);
	return -ENODEV;
}

/* "from=$arg2:s64 dirty=$arg3:u8": the table's words are the kernel's, but for arguments without a
 * type, which are whole registers. */
static int make_probe(struct pp_tracer_kind *k)
{
	bool entry = !strcmp(k->kind->system, "enter");
	int rc;

	errno = 0;
	rc = entry ? tracefs_kprobe_raw(k->system, k->event, k->kind->event, k->kind->args)
		   : tracefs_kretprobe_raw(k->system, k->event, k->kind->event, k->kind->args);
	if (!rc) {
		k->made = true;
		return 0;
	}
	if (errno == ENOENT || errno == EILSEQ)
		return no_kind(k, "the kernel has no such function that is not inlined");
	return no_kind(k, strerror(errno ? errno : EIO));
}

static int parse_format(struct pp_tracer *t, struct pp_tracer_kind *k, struct tep_event **out)
{
	int size = 0, rc;
	char *text = tracefs_event_file_read(NULL, k->system, k->event, "format", &size);

	if (!text)
		return no_kind(k, NO_TRACEPOINT);
	rc = tep_parse_event(t->events, text, (unsigned long)size, k->system);
	free(text);
	*out = rc ? NULL : tep_find_event_by_name(t->events, k->system, k->event);
	return *out ? 0 : no_kind(k, "its format is not understood");
}

static int find_fields(struct pp_tracer *t, struct pp_tracer_kind *k, struct tep_event *event)
{
	struct pp_trace_arg args[PP_TRACE_ARGS];

	k->n_args = pp_trace_kind_args(k->kind, args);
	for (size_t i = 0; i < k->n_args; i++) {
		k->types[i] = args[i].type;
		k->fields[i] = tep_find_field(event, args[i].name);
		if (!k->fields[i]) {
			snprintf(k->why, sizeof(k->why), "it has no field %s", args[i].name);
			return -ENODEV;
		}
	}
	if (k->kind->lane == PP_LANE_TASKS)
		k->comm = tep_find_field(event, "newcomm");
	if (!t->pid)
		t->pid = tep_find_common_field(event, "common_pid");
	return t->pid ? 0 : no_kind(k, "its format is not understood");
}

static void arm(struct pp_tracer *t, size_t i)
{
	struct pp_tracer_kind *k = &t->kinds[i];
	struct tep_event *event = NULL;

	if (pp_trace_kind_probe(k->kind) && !k->made && make_probe(k))
		return;
	if (parse_format(t, k, &event) || find_fields(t, k, event))
		return;
	errno = 0;
	/* tracefs_event_enable() would look through all systems and all events of this one */
	if (tracefs_event_file_write(t->instance, k->system, k->event, "enable", "1") < 0) {
		no_kind(k, strerror(errno ? errno : EIO));
		return;
	}
	if (event->id >= 0 && (size_t)event->id < PP_ARRAY_LEN(t->decl_of))
		t->decl_of[event->id] = (uint16_t)(i + 1);
	k->armed = true;
	k->why[0] = '\0';
}

static void name_kind(struct pp_tracer_kind *k, const struct pp_trace_kind *kind)
{
	k->kind = kind;
	if (!pp_trace_kind_probe(kind)) {
		snprintf(k->system, sizeof(k->system), "%s", kind->system);
		snprintf(k->event, sizeof(k->event), "%s", kind->event);
		return;
	}
	snprintf(k->system, sizeof(k->system), PREFIX "%d", (int)getpid());
	snprintf(k->event, sizeof(k->event), "%s_%s", kind->system, kind->event);
}

void pp_tracer_arm(struct pp_tracer *t)
{
	free(t->absent);
	t->absent = NULL;
	for (size_t i = 0; i < pp_n_trace_kinds; i++) {
		if (!t->kinds[i].kind)
			name_kind(&t->kinds[i], &pp_trace_kinds[i]);
		if (!t->kinds[i].armed)
			arm(t, i);
	}
}

static void remove_probe(const char *system, const char *event)
{
	char line[128];

	if (snprintf(line, sizeof(line), "-:%s/%s", system, event) < (int)sizeof(line))
		tracefs_instance_file_append(NULL, "kprobe_events", line);
}

void pp_tracer_disarm(struct pp_tracer *t)
{
	for (size_t i = 0; i < pp_n_trace_kinds; i++) {
		struct pp_tracer_kind *k = &t->kinds[i];

		if (k->armed)
			tracefs_event_file_write(t->instance, k->system, k->event, "enable", "0");
		if (k->made)
			remove_probe(k->system, k->event);
		k->armed = k->made = false;
	}
}

/* How many modules there are, as directories have a link for each directory in them. */
static uint64_t count_modules(void)
{
	struct stat st;

	return stat("/sys/module", &st) ? 0 : (uint64_t)st.st_nlink;
}

/* Asked before each case, so it must cost nothing: events come with modules. */
bool pp_tracer_late(struct pp_tracer *t)
{
	uint64_t modules = count_modules();
	const char *asked = "";
	char path[512];

	if (modules && modules == t->modules)
		return false;
	t->modules = modules;
	for (size_t i = 0; i < pp_n_trace_kinds; i++) {
		const struct pp_tracer_kind *k = &t->kinds[i];

		if (k->armed || pp_trace_kind_probe(k->kind) || k->kind->optional ||
		    !strcmp(asked, k->system) || strcmp(k->why, NO_TRACEPOINT) != 0)
			continue;
		asked = k->system;
		if (snprintf(path, sizeof(path), "%s/events/%s/%s", tracefs_tracing_dir(),
			     k->system, k->event) < (int)sizeof(path) &&
		    !access(path, F_OK))
			return true;
	}
	return false;
}

/* "pinproof_123" of a process that is no more, or of process @also. */
static bool is_left(const char *name, pid_t also)
{
	char *end;
	long pid;

	if (strncmp(name, PREFIX, strlen(PREFIX)) || !isdigit((unsigned char)name[strlen(PREFIX)]))
		return false;
	pid = strtol(name + strlen(PREFIX), &end, 10);
	/* behind the number stands what it was for, if it was not the trace */
	return (!*end || *end == '_') && pid > 0 &&
	       (pid == also || (kill((pid_t)pid, 0) && errno == ESRCH));
}

static void sweep_instance(const char *path, const char *name)
{
	(void)name;
	rmdir(path);
}

static void sweep_group(const char *path, const char *name)
{
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_type == DT_DIR && e->d_name[0] != '.')
			remove_probe(name, e->d_name);
	if (d)
		closedir(d);
}

static void sweep_dir(const char *dir, pid_t also, void (*each)(const char *path, const char *name))
{
	char entry[1024];
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d)))
		if (is_left(e->d_name, also) &&
		    snprintf(entry, sizeof(entry), "%s/%s", dir, e->d_name) < (int)sizeof(entry))
			each(entry, e->d_name);
	if (d)
		closedir(d);
}

void pp_tracer_sweep(pid_t also)
{
	const char *dir = NULL;
	char path[512];

	if (tracefs_tracing_dir_is_mounted(false, &dir) != 1 || !dir)
		return;
	/* The instances first: a probe that is enabled there cannot be removed. */
	snprintf(path, sizeof(path), "%s/instances", dir);
	sweep_dir(path, also, sweep_instance);
	snprintf(path, sizeof(path), "%s/events", dir);
	sweep_dir(path, also, sweep_group);
}
