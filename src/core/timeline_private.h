/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the timeline's writer share: the stream of JSON events, and the tracks. */
#ifndef PP_CORE_TIMELINE_PRIVATE_H
#define PP_CORE_TIMELINE_PRIVATE_H

#include <stdarg.h>

#include "core/timeline.h"

/* Groups of tracks, "processes" to a viewer, in the order in which they are shown. */
enum pp_track_group {
	PP_GROUP_WORKERS = 1,
	PP_GROUP_FINDINGS,
	PP_GROUP_DEVICE,
	PP_GROUP_CACHE,
	PP_GROUP_PINS,
	PP_GROUP_LOG,
	PP_GROUP_END
};

struct pp_track_place {
	enum pp_track_group group;
	unsigned track; /* unique in the group, > 0 */
};

struct pp_timeline_writer {
	const struct pp_timeline *in;
	FILE *out;
	bool any;         /* an event was written: the next needs a comma */
	uint64_t last_ns; /* of all that is known */
	struct pp_timeline_facts facts;
};

/** pp_tl_text - @text as a JSON string. */
void pp_tl_text(FILE *out, const char *text);

/* One event: begin, then arguments, then end. @extra: further members, as JSON, or "". */
void pp_tl_begin(struct pp_timeline_writer *w, char phase, const char *name,
		 struct pp_track_place at, uint64_t time_ns, const char *extra);
void pp_tl_arg(struct pp_timeline_writer *w, bool *first, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void pp_tl_end(struct pp_timeline_writer *w, bool first);

/** pp_tl_slice - begin an event of phase X from @begin_ns to @end_ns. */
void pp_tl_slice(struct pp_timeline_writer *w, const char *name, struct pp_track_place at,
		 uint64_t begin_ns, uint64_t end_ns);
/** pp_tl_name - name a track (or, with track 0, the group) and its place in the order. */
void pp_tl_name(struct pp_timeline_writer *w, struct pp_track_place at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/** pp_tl_count - a point of a counter. */
void pp_tl_count(struct pp_timeline_writer *w, const char *name, enum pp_track_group group,
		 uint64_t time_ns, int64_t value);

/** pp_tl_trace - the tracks of the kernel's trace. 0 or -ENOMEM. */
int pp_tl_trace(struct pp_timeline_writer *w);

#endif
