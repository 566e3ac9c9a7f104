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

/* A processor's buffer: the page at hand, and the record of it that comes next. */
struct buffer {
	int fd;
	struct kbuffer *page;
	void *bytes;
	const void *record; /* NULL: nothing more */
	unsigned long long time;
};

struct pp_tracer_ring {
	char dir[PATH_BYTES / 2];
	size_t page_bytes;
	size_t n_cpus;
	struct buffer *buffers; /* one for each processor */
};

static int open_file(const char *dir, size_t cpu, const char *name)
{
	char path[PATH_BYTES];

	if (snprintf(path, sizeof(path), "%s/per_cpu/cpu%zu/%s", dir, cpu, name) >=
	    (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static int open_buffer(const struct pp_tracer_ring *r, size_t cpu, struct buffer *b)
{
	b->page = kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST);
	b->bytes = malloc(r->page_bytes);
	if (!b->page || !b->bytes)
		return -ENOMEM;
	b->fd = open_file(r->dir, cpu, "trace_pipe_raw");
	return b->fd < 0 ? -errno : 0;
}

void pp_tracer_ring_close(struct pp_tracer_ring *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_cpus; i++) {
		struct buffer *b = &r->buffers[i];

		if (b->fd >= 0)
			close(b->fd);
		if (b->page)
			kbuffer_free(b->page);
		free(b->bytes);
	}
	free(r->buffers);
	free(r);
}

static int open_all(struct pp_tracer_ring *r)
{
	size_t n = (size_t)sysconf(_SC_NPROCESSORS_CONF);
	int rc = 0;

	r->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	r->buffers = calloc(n, sizeof(*r->buffers));
	if (!r->buffers)
		return -ENOMEM;
	for (; !rc && r->n_cpus < n; r->n_cpus++) {
		r->buffers[r->n_cpus].fd = -1;
		rc = open_buffer(r, r->n_cpus, &r->buffers[r->n_cpus]);
	}
	return rc;
}

int pp_tracer_ring_open(const char *dir, struct pp_tracer_ring **out, struct pp_err *err)
{
	struct pp_tracer_ring *r = calloc(1, sizeof(*r));
	int rc = r ? 0 : -ENOMEM;

	if (!rc && snprintf(r->dir, sizeof(r->dir), "%s", dir) >= (int)sizeof(r->dir))
		rc = -ENAMETOOLONG;
	if (!rc)
		rc = open_all(r);
	if (rc) {
		pp_tracer_ring_close(r);
		return pp_err_set(err, rc, "trace buffers of %s", dir);
	}
	*out = r;
	return 0;
}

/* The next page with a record, if there is one: a page that is not full comes at the end, and then
 * -EAGAIN. */
static int next_page(const struct pp_tracer_ring *r, struct buffer *b, bool *overrun)
{
	uint64_t committed;
	ssize_t n;

	b->record = NULL;
	while (!b->record && (n = read(b->fd, b->bytes, r->page_bytes)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (kbuffer_load_subbuffer(b->page, b->bytes))
			return -EPROTO;
		memcpy(&committed, (const char *)b->bytes + sizeof(uint64_t), sizeof(committed));
		*overrun |= (committed & MISSED_EVENTS) != 0;
		b->record = kbuffer_read_event(b->page, &b->time);
	}
	return 0;
}

static struct buffer *earliest(const struct pp_tracer_ring *r)
{
	struct buffer *first = NULL;

	for (size_t i = 0; i < r->n_cpus; i++) {
		struct buffer *b = &r->buffers[i];

		if (b->record && (!first || b->time < first->time))
			first = b;
	}
	return first;
}

int pp_tracer_ring_read(struct pp_tracer_ring *r, pp_tracer_ring_take take, void *context,
			bool *overrun, struct pp_err *err)
{
	struct buffer *b;
	int rc = 0;

	*overrun = false;
	for (size_t i = 0; !rc && i < r->n_cpus; i++)
		rc = next_page(r, &r->buffers[i], overrun);
	while (!rc && (b = earliest(r))) {
		rc = take(b->record, (size_t)kbuffer_event_size(b->page), b->time,
			  (int)(b - r->buffers), context);
		b->record = kbuffer_next_event(b->page, &b->time);
		if (!b->record && !rc)
			rc = next_page(r, b, overrun);
	}
	return rc < 0 ? pp_err_set(err, rc, "records of the trace") : rc;
}

/* The number behind @word in a file of lines "word: number", 0 if it is not there. */
static uint64_t number_of(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	return at ? strtoull(at + strlen(word), NULL, 10) : 0;
}

static int lost_by_one(const struct pp_tracer_ring *r, size_t cpu, uint64_t *lost)
{
	char text[1024];
	ssize_t len;
	int fd = open_file(r->dir, cpu, "stats"), rc;

	if (fd < 0)
		return -errno;
	len = read(fd, text, sizeof(text) - 1);
	rc = len < 0 ? -errno : 0;
	close(fd);
	if (rc)
		return rc;
	text[len] = '\0';
	/* "overrun" also ends the name of "commit overrun" */
	*lost += number_of(text, "\noverrun: ") + number_of(text, "commit overrun: ") +
		 number_of(text, "dropped events: ");
	return 0;
}

int pp_tracer_ring_lost(const struct pp_tracer_ring *r, uint64_t *lost, struct pp_err *err)
{
	int rc = 0;

	*lost = 0;
	for (size_t cpu = 0; !rc && cpu < r->n_cpus; cpu++)
		rc = lost_by_one(r, cpu, lost);
	return rc ? pp_err_set(err, rc, "what was lost of the trace is not known") : 0;
}
