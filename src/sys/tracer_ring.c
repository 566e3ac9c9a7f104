/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raw pages of ring buffers, and what the kernel counts of them; see tracer_ring.h. */
#include "sys/tracer_ring.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <kbuffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 512
/* In the second word of a page: kernel/trace/ring_buffer.c, RB_MISSED_EVENTS. The library tells it
 * only of pages whose first record is an event. */
#define MISSED_EVENTS ((uint64_t)1 << 31)

/* Opening takes longer than reading. A machine with more processors has no such tests to hurry for,
 * and perhaps no room for so many open files. */
#define KEPT_OPEN_MAX 64

struct pp_tracer_ring {
	char dir[PATH_BYTES / 2];
	struct kbuffer *page;
	void *bytes;
	size_t page_bytes;
	long n_cpus;
	int *fds; /* one for each processor; NULL: opened each time */
};

static int open_file(const char *dir, long cpu, const char *name)
{
	char path[PATH_BYTES];

	if (snprintf(path, sizeof(path), "%s/per_cpu/cpu%ld/%s", dir, cpu, name) >=
	    (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static void close_all(struct pp_tracer_ring *r, long n)
{
	for (long cpu = 0; cpu < n; cpu++)
		close(r->fds[cpu]);
	free(r->fds);
	r->fds = NULL;
}

static int open_all(struct pp_tracer_ring *r)
{
	if (r->n_cpus > KEPT_OPEN_MAX)
		return 0;
	r->fds = calloc((size_t)r->n_cpus, sizeof(*r->fds));
	if (!r->fds)
		return -ENOMEM;
	for (long cpu = 0; cpu < r->n_cpus; cpu++) {
		r->fds[cpu] = open_file(r->dir, cpu, "trace_pipe_raw");
		if (r->fds[cpu] < 0) {
			int rc = -errno;

			close_all(r, cpu);
			return rc;
		}
	}
	return 0;
}

void pp_tracer_ring_close(struct pp_tracer_ring *r)
{
	if (!r)
		return;
	if (r->fds)
		close_all(r, r->n_cpus);
	if (r->page)
		kbuffer_free(r->page);
	free(r->bytes);
	free(r);
}

int pp_tracer_ring_open(const char *dir, struct pp_tracer_ring **out, struct pp_err *err)
{
	struct pp_tracer_ring *r = calloc(1, sizeof(*r));
	int rc = r ? 0 : -ENOMEM;

	if (!rc) {
		r->n_cpus = sysconf(_SC_NPROCESSORS_CONF);
		r->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
		r->page = kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST);
		r->bytes = malloc(r->page_bytes);
		if (!r->page || !r->bytes)
			rc = -ENOMEM;
		else if (snprintf(r->dir, sizeof(r->dir), "%s", dir) >= (int)sizeof(r->dir))
			rc = -ENAMETOOLONG;
		else
			rc = open_all(r);
	}
	if (rc) {
		pp_tracer_ring_close(r);
		return pp_err_set(err, rc, "trace buffers of %s", dir);
	}
	*out = r;
	return 0;
}

static int take_page(struct pp_tracer_ring *r, long cpu, pp_tracer_ring_take take, void *context,
		     bool *overrun)
{
	unsigned long long time;
	uint64_t committed;
	void *record;
	int rc = 0;

	if (kbuffer_load_subbuffer(r->page, r->bytes))
		return -EPROTO;
	memcpy(&committed, (const char *)r->bytes + sizeof(uint64_t), sizeof(committed));
	*overrun |= (committed & MISSED_EVENTS) != 0;
	for (record = kbuffer_read_event(r->page, &time); record && !rc;
	     record = kbuffer_next_event(r->page, &time))
		rc = take(record, (size_t)kbuffer_event_size(r->page), time, (int)cpu, context);
	return rc;
}

/* A page that is not full comes at the end, and then -EAGAIN: nothing more. */
static int read_one(struct pp_tracer_ring *r, long cpu, pp_tracer_ring_take take, void *context,
		    bool *overrun)
{
	int fd = r->fds ? r->fds[cpu] : open_file(r->dir, cpu, "trace_pipe_raw"), rc = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (!rc && (n = read(fd, r->bytes, r->page_bytes)) != 0) {
		if (n > 0)
			rc = take_page(r, cpu, take, context, overrun);
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			rc = -errno;
	}
	if (!r->fds)
		close(fd);
	return rc;
}

int pp_tracer_ring_read(struct pp_tracer_ring *r, pp_tracer_ring_take take, void *context,
			bool *overrun, struct pp_err *err)
{
	int rc = 0;

	*overrun = false;
	for (long cpu = 0; !rc && cpu < r->n_cpus; cpu++)
		rc = read_one(r, cpu, take, context, overrun);
	return rc < 0 ? pp_err_set(err, rc, "records of the trace") : rc;
}

/* The number behind @word in a file of lines "word: number", 0 if it is not there. */
static uint64_t number_of(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	return at ? strtoull(at + strlen(word), NULL, 10) : 0;
}

uint64_t pp_tracer_ring_lost(const struct pp_tracer_ring *r)
{
	uint64_t lost = 0;
	char text[1024];
	ssize_t len;
	int fd;

	for (long cpu = 0; cpu < r->n_cpus; cpu++) {
		fd = open_file(r->dir, cpu, "stats");
		if (fd < 0)
			continue;
		len = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[len > 0 ? len : 0] = '\0';
		/* "overrun" also ends the name of "commit overrun" */
		lost += number_of(text, "\noverrun: ") + number_of(text, "commit overrun: ") +
			number_of(text, "dropped events: ");
	}
	return lost;
}
