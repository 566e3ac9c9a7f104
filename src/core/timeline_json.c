/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of the timeline as JSON, one a line: a run has many, so none is built in memory first. */
#include "core/timeline_private.h"

#include <inttypes.h>

void pp_tl_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c < 0x7f ? c : '?', out); /* whatever the log had, JSON is UTF-8 */
	}
	fputc('"', out);
}

void pp_tl_begin(struct pp_timeline_writer *w, char phase, const char *name,
		 struct pp_track_place at, uint64_t time_ns, const char *extra)
{
	fprintf(w->out, "%s{\"ph\":\"%c\",\"name\":", w->any ? ",\n" : "", phase);
	w->any = true;
	pp_tl_text(w->out, name);
	fprintf(w->out, ",\"pid\":%d,\"tid\":%u,\"ts\":%" PRIu64 ".%03u%s,\"args\":{", at.group,
		at.track, time_ns / 1000, (unsigned)(time_ns % 1000), extra);
}

void pp_tl_arg(struct pp_timeline_writer *w, bool *first, const char *name, const char *fmt, ...)
{
	char value[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (!*first)
		fputc(',', w->out);
	*first = false;
	pp_tl_text(w->out, name);
	fputc(':', w->out);
	pp_tl_text(w->out, value);
}

void pp_tl_end(struct pp_timeline_writer *w, bool first)
{
	(void)first;
	fputs("}}", w->out);
}

void pp_tl_slice(struct pp_timeline_writer *w, const char *name, struct pp_track_place at,
		 uint64_t begin_ns, uint64_t end_ns)
{
	uint64_t length = end_ns > begin_ns ? end_ns - begin_ns : 0;
	char extra[64];

	snprintf(extra, sizeof(extra), ",\"dur\":%" PRIu64 ".%03u", length / 1000,
		 (unsigned)(length % 1000));
	pp_tl_begin(w, 'X', name, at, begin_ns, extra);
}

static void put_order(struct pp_timeline_writer *w, const char *what, struct pp_track_place at,
		      unsigned place)
{
	pp_tl_begin(w, 'M', what, at, 0, "");
	fprintf(w->out, "\"sort_index\":%u}}", place);
}

void pp_tl_name(struct pp_timeline_writer *w, struct pp_track_place at, const char *fmt, ...)
{
	bool first = true;
	char name[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	pp_tl_begin(w, 'M', at.track ? "thread_name" : "process_name", at, 0, "");
	pp_tl_arg(w, &first, "name", "%s", name);
	pp_tl_end(w, first);
	if (at.track)
		put_order(w, "thread_sort_index", at, at.track);
	else
		put_order(w, "process_sort_index", at, at.group);
}

void pp_tl_count(struct pp_timeline_writer *w, const char *name, enum pp_track_group group,
		 uint64_t time_ns, int64_t value)
{
	pp_tl_begin(w, 'C', name, (struct pp_track_place){ group, 0 }, time_ns, "");
	fprintf(w->out, "\"pages\":%" PRId64 "}}", value);
}
