/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel log as text lines, markers in it, and the taint word
 * (Documentation/ABI/testing/dev-kmsg). */
#include "sys/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/logscan.h"
#include "sys/kmsg_record.h"

#define RECORD_BYTES 16384      /* more than the kernel's longest formatted record, 8192 */
#define DRAIN_BYTES  (8u << 20) /* a kernel that never stops printing must not hold us for ever */
#define LINE_BYTES   (RECORD_BYTES * 2)
#define MARK_BYTES   900 /* the kernel refuses to take more than 1024 in one write */
#define OVERRUN_LINE PP_KMSG_OVERRAN "\n"

struct text {
	char *out;
	size_t len, size;
};

static void put(struct text *t, char c)
{
	if (t->len + 1 < t->size) {
		t->out[t->len++] = c;
		t->out[t->len] = '\0';
	}
}

static void puts_text(struct text *t, const char *s)
{
	while (*s)
		put(t, *s++);
}

/* Takes "\x0a" and the like at @p; returns the character, or 0 if it is none that may be unescaped.
 */
static char unescape(const char *p, size_t left)
{
	static const struct {
		char seq[5];
		char is;
	} known[] = { { "\\x09", '\t' }, { "\\x0a", '\n' }, { "\\x5c", '\\' } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (left >= 4 && !memcmp(p, known[i].seq, 4))
			return known[i].is;
	return '\0';
}

/* Facility 0 is the kernel's, and it gives a program's line another one. Our own marks say so
 * themselves. */
static bool from_user(unsigned priority, const char *text, const char *end)
{
	static const char ours[] = "pinproof: ";

	return priority >> 3 && ((size_t)(end - text) < sizeof(ours) - 1 ||
				 memcmp(text, ours, sizeof(ours) - 1) != 0);
}

size_t pp_kmsg_record(const char *record, size_t len, char *out, size_t size)
{
	struct text t = { out, 0, size };
	const char *p = memchr(record, ';', len), *end = memchr(record, '\n', len);
	char head[64], stamp[48] = "", c;
	unsigned priority;
	uint64_t usec;

	if (size)
		out[0] = '\0';
	if (!end)
		end = record + len;
	snprintf(head, sizeof(head), "%.*s", p && p < end ? (int)(p - record) : 0, record);
	if (sscanf(head, "%u,%*u,%" SCNu64, &priority, &usec) == 2) {
		p++;
		snprintf(stamp, sizeof(stamp), "[%5" PRIu64 ".%06" PRIu64 "] %s", usec / 1000000,
			 usec % 1000000, from_user(priority, p, end) ? PP_LOG_USER : "");
	} else {
		p = record;
	}
	puts_text(&t, stamp);
	while (p < end) {
		c = unescape(p, (size_t)(end - p));
		put(&t, c ? c : *p);
		if (c == '\n')
			puts_text(&t, stamp);
		p += c ? 4 : 1;
	}
	put(&t, '\n');
	return t.len;
}

int pp_kmsg_open(struct pp_kmsg *k, struct pp_err *err)
{
	int ret;

	k->fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (k->fd < 0)
		return pp_err_set(err, -errno, "cannot read /dev/kmsg");
	if (lseek(k->fd, 0, SEEK_END) < 0) {
		ret = pp_err_set(err, -errno, "cannot go to the end of /dev/kmsg");
		pp_kmsg_close(k);
		return ret;
	}
	return 0;
}

void pp_kmsg_close(struct pp_kmsg *k)
{
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
}

static int write_line(const char *who, const char *text)
{
	char line[MARK_BYTES];
	size_t len;
	int fd, ret = 0;

	snprintf(line, sizeof(line) - 1, "<6>%s%s", who, text);
	for (char *p = line; *p; p++)
		if (*p == '\n')
			*p = ' '; /* one marker is one record */
	len = strlen(line);
	line[len++] = '\n';
	/* Opened anew each time: the kernel limits the rate of each open file. */
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, line, len) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int pp_kmsg_mark(const char *text)
{
	return write_line("pinproof: ", text);
}

int pp_kmsg_check(uint32_t op, const char *text)
{
	char who[48];

	snprintf(who, sizeof(who), PP_KMSG_CHECK, op);
	return write_line(who, text);
}

static bool append(struct text *t, const char *line, size_t len)
{
	char *more;

	if (t->size - t->len <= len) {
		more = realloc(t->out, t->size * 2 + len);
		if (!more)
			return false;
		t->out = more;
		t->size = t->size * 2 + len;
	}
	memcpy(t->out + t->len, line, len);
	t->len += len;
	t->out[t->len] = '\0';
	return true;
}

char *pp_kmsg_drain(struct pp_kmsg *k, size_t *len)
{
	struct text t = { calloc(1, 4096), 0, 4096 };
	char *record = malloc(RECORD_BYTES), *line = malloc(LINE_BYTES);
	bool memory = t.out && record && line;
	ssize_t n;
	size_t made;

	while (memory && k->fd >= 0 && t.len < DRAIN_BYTES) {
		n = read(k->fd, record, RECORD_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPIPE) {
			memory = append(&t, OVERRUN_LINE, strlen(OVERRUN_LINE));
			continue;
		}
		if (n < 0 &&
		    errno != EAGAIN) /* what is not read is lost, and must not seem clean */
			memory = append(&t, OVERRUN_LINE, strlen(OVERRUN_LINE));
		if (n <= 0)
			break;
		made = pp_kmsg_record(record, (size_t)n, line, LINE_BYTES);
		memory = append(&t, line, made);
	}
	free(record);
	free(line);
	if (!memory) {
		free(t.out);
		t.out = NULL;
	}
	*len = memory ? t.len : 0;
	return t.out;
}

unsigned long pp_taint_read(void)
{
	FILE *f = fopen("/proc/sys/kernel/tainted", "re");
	unsigned long mask = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%lu", &mask) != 1)
		mask = 0;
	fclose(f);
	return mask;
}

/* Bit n is letter n; bit 19 (J, fwctl) came in 6.15. */
static const char taint_letters[] = "PFSRMBUDAWCIOELKXTNJ";

void pp_taint_names(unsigned long mask, char *out, size_t size)
{
	struct text t = { out, 0, size };

	if (size)
		out[0] = '\0';
	for (size_t bit = 0; bit < sizeof(mask) * 8; bit++)
		if (mask & (1ul << bit))
			put(&t, bit < sizeof(taint_letters) - 1 ? taint_letters[bit] : '?');
}

int pp_warn_once_reset(void)
{
	int fd = open("/sys/kernel/debug/clear_warn_once", O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, "1", 1) < 0)
		ret = -errno;
	close(fd);
	return ret;
}
