/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bios at a gate, by libtracefs; see gate_trace.h. */
#include "sys/gate_trace.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <tracefs.h>
#include <unistd.h>

#define SYSTEM       "block"
#define EVENT        "block_bio_queue"
#define BUFFER_KB    256 /* for each CPU: some thousands of bios */
#define SECTOR_BYTES 512u
#define KERNEL_MINOR 20 /* bits of the minor number in the kernel's own dev_t */

struct bio {
	uint64_t from_bytes, to_bytes;
	bool write;
};

struct pp_gate_trace {
	struct tracefs_instance *instance;
	struct tep_handle *events;
	struct bio *bios;
	size_t n_bios, cap;
	int failed; /* -errno of the callback */
};

/* Where tracefs is already; the library would mount one. */
static const char *tracefs_here(struct pp_err *err)
{
	const char *dir = NULL;

	if (tracefs_tracing_dir_is_mounted(false, &dir) == 1 && dir)
		return dir;
	pp_err_set(err, -ENOENT,
		   "tracefs is not mounted (mount -t tracefs tracefs /sys/kernel/tracing).");
	return NULL;
}

int pp_gate_trace_possible(struct pp_err *err)
{
	const char *dir = tracefs_here(err);
	char path[512];

	if (!dir)
		return -ENOENT;
	snprintf(path, sizeof(path), "%s/instances", dir);
	if (access(path, W_OK | X_OK))
		return pp_err_set(err, -errno, "no trace instance can be made in %s", path);
	snprintf(path, sizeof(path), "%s/events/" SYSTEM "/" EVENT "/format", dir);
	if (access(path, R_OK))
		return pp_err_set(err, -errno, "the kernel has no tracepoint " SYSTEM ":" EVENT);
	return 0;
}

static int configure(struct pp_gate_trace *t, dev_t devt, struct pp_err *err)
{
	char filter[64];

	snprintf(filter, sizeof(filter), "dev == %u",
		 (unsigned)major(devt) << KERNEL_MINOR | (unsigned)minor(devt));
	errno = 0;
	if (tracefs_instance_set_buffer_size(t->instance, BUFFER_KB, -1) ||
	    tracefs_instance_file_write(t->instance, "events/" SYSTEM "/" EVENT "/filter", filter) <
		    0 ||
	    tracefs_event_file_write(t->instance, SYSTEM, EVENT, "enable", "1") < 0 ||
	    tracefs_trace_on(t->instance))
		return pp_err_set(err, errno ? -errno : -EIO, "tracepoint " SYSTEM ":" EVENT);
	return 0;
}

/*
 * The formats of the ring buffer's pages and of the one event. tracefs_local_events_system() would
 * read all symbols of the kernel as well, which takes seconds in an emulated guest.
 */
static int read_formats(struct tep_handle **out, struct pp_err *err)
{
	struct tep_handle *tep = tep_alloc();
	int page_size = 0, event_size = 0;
	char *page = tracefs_instance_file_read(NULL, "events/header_page", &page_size);
	char *event = tracefs_event_file_read(NULL, SYSTEM, EVENT, "format", &event_size);
	int rc = !tep ? -ENOMEM : page && event ? 0 : -EIO;

	*out = tep;
	if (!rc && (tep_parse_header_page(tep, page, (unsigned long)page_size, sizeof(long)) ||
		    tep_parse_event(tep, event, (unsigned long)event_size, SYSTEM)))
		rc = -EPROTO;
	free(page);
	free(event);
	return rc ? pp_err_set(err, rc, "format of the tracepoint " SYSTEM ":" EVENT) : 0;
}

int pp_gate_trace_start(struct pp_gate_trace **out, const char *name, dev_t devt,
			struct pp_err *err)
{
	struct pp_gate_trace *t;
	int rc;

	if (!tracefs_here(err))
		return -ENOENT;
	t = calloc(1, sizeof(*t));
	if (!t)
		return pp_err_set(err, -ENOMEM, "trace of a gate");
	errno = 0;
	t->instance = tracefs_instance_create(name);
	if (!t->instance) {
		rc = pp_err_set(err, errno ? -errno : -EIO, "trace instance %s", name);
		goto fail;
	}
	rc = read_formats(&t->events, err);
	if (rc)
		goto fail;
	rc = configure(t, devt, err);
	if (rc)
		goto fail;
	*out = t;
	return 0;
fail:
	pp_gate_trace_stop(t);
	return rc;
}

void pp_gate_trace_stop(struct pp_gate_trace *t)
{
	if (!t)
		return;
	if (t->events)
		tep_free(t->events);
	if (t->instance) {
		tracefs_event_file_write(t->instance, SYSTEM, EVENT, "enable", "0");
		tracefs_instance_destroy(t->instance);
		tracefs_instance_free(t->instance);
	}
	free(t->bios);
	free(t);
}

static int keep(struct pp_gate_trace *t, const struct bio *b)
{
	if (t->n_bios == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 64;
		struct bio *more = realloc(t->bios, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		t->bios = more;
		t->cap = cap;
	}
	t->bios[t->n_bios++] = *b;
	return 0;
}

/* One record of the ring buffer; nonzero stops the library's loop. */
static int take(struct tep_event *event, struct tep_record *record, int cpu, void *context)
{
	struct pp_gate_trace *t = context;
	unsigned long long sector, sectors;
	const char *rwbs;
	struct bio b;
	int len;

	(void)cpu;
	if (strcmp(event->name, EVENT))
		return 0;
	rwbs = tep_get_field_raw(NULL, event, "rwbs", record, &len, 0);
	if (!rwbs || tep_get_field_val(NULL, event, "sector", record, &sector, 0) ||
	    tep_get_field_val(NULL, event, "nr_sector", record, &sectors, 0)) {
		t->failed = -EPROTO;
		return t->failed;
	}
	b.from_bytes = sector * SECTOR_BYTES;
	b.to_bytes = b.from_bytes + sectors * SECTOR_BYTES;
	b.write = memchr(rwbs, 'W', (size_t)len) != NULL;
	t->failed = sectors ? keep(t, &b) : 0;
	return t->failed;
}

static int collect(struct pp_gate_trace *t, struct pp_err *err)
{
	int rc;

	t->failed = 0;
	errno = 0;
	rc = tracefs_iterate_raw_events(t->events, t->instance, NULL, 0, take, t);
	if (t->failed)
		return pp_err_set(err, t->failed, "records of " SYSTEM ":" EVENT);
	if (rc < 0)
		return pp_err_set(err, errno ? -errno : -EIO, "records of " SYSTEM ":" EVENT);
	return 0;
}

int pp_gate_trace_forget(struct pp_gate_trace *t, struct pp_err *err)
{
	int rc = collect(t, err);

	t->n_bios = 0;
	return rc;
}

int pp_gate_trace_bytes(struct pp_gate_trace *t, const struct pp_gate_bios *which, uint64_t *bytes,
			struct pp_err *err)
{
	int rc = collect(t, err);

	*bytes = 0;
	for (size_t i = 0; !rc && i < t->n_bios; i++) {
		const struct bio *b = &t->bios[i];
		uint64_t from =
			b->from_bytes > which->from_bytes ? b->from_bytes : which->from_bytes;
		uint64_t to = b->to_bytes < which->to_bytes ? b->to_bytes : which->to_bytes;

		if ((b->write ? which->writes : which->reads) && from < to)
			*bytes += to - from;
	}
	return rc;
}

void pp_gate_traces_sweep(const char *prefix)
{
	const char *dir = tracefs_here(NULL);
	char path[512];
	struct dirent *e;
	DIR *d;

	if (!dir)
		return;
	snprintf(path, sizeof(path), "%s/instances", dir);
	d = opendir(path);
	while (d && (e = readdir(d)))
		if (!strncmp(e->d_name, prefix, strlen(prefix)) &&
		    snprintf(path, sizeof(path), "%s/instances/%s", dir, e->d_name) <
			    (int)sizeof(path))
			rmdir(path);
	if (d)
		closedir(d);
}
