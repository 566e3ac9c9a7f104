/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rule O3 (no way back): along one path of observers a cell never shows what it
 * had ceased to show. An observation is looked at when it begins, and counts
 * once its end has passed, for the places where several values were possible.
 */
#include <stdlib.h>
#include <string.h>

#include "core/oracle_order.h"
#include "core/oracle_rules.h"

/* A direct read of the file may show what is in the page cache or what is on disk, so it is a path
 * of its own. */
enum path { PATH_MEMORY, PATH_PIN, PATH_DISK, PATH_DIRECT, PATH_COUNT };

/* A value that an observation which has not ended saw in a range. */
struct glance {
	uint64_t from, to;
	uint32_t write, event;
	bool counts; /* others were possible */
};

/* An observation that has not ended. */
struct watch {
	uint64_t begin_ns, end_ns;
	uint64_t from, to; /* all of its glances */
	uint16_t space;
	uint8_t actor, verb, path;
	struct glance *glances;
	size_t n, cap;
};

struct pp_order {
	struct pp_judge *j;
	struct pp_order_pages *paths[PATH_COUNT]; /* of each space; NULL: nothing seen */
	struct watch *watches; /* the first n are in use, what lies behind keeps its memory */
	size_t n, cap;
	size_t last;           /* the one that was added to last */
	uint64_t least_end_ns; /* of those in use */
	bool failed;           /* no memory: what follows is not judged */
};

static enum path path_of(const struct pp_event *e)
{
	const struct pp_verb_info *verb = &pp_verbs[e->verb];

	if (verb->durable)
		return PATH_DISK;
	if (e->verb == PP_VERB_DIO_PREAD)
		return PATH_DIRECT;
	return verb->target == PP_TARGET_MR ? PATH_PIN : PATH_MEMORY;
}

/*
 * The latest moment at which the value had reached the place. What memory shows was there at some
 * moment of the observation. A disk gets what is older by and by: there, only a write that was over
 * before the one that was seen began is older.
 */
static uint64_t since_ns(const struct pp_judge *j, const struct pp_sight *s)
{
	const struct pp_event *events = j->h->events;
	enum path path = path_of(&events[s->event]);
	uint64_t since = path == PATH_MEMORY || path == PATH_PIN ? events[s->event].begin_ns : 0;

	if (s->write != PP_NO_EVENT && events[s->write].begin_ns > since)
		since = events[s->write].begin_ns;
	return since;
}

/* The latest moment at which a write can have reached the place. */
static uint64_t last_ns(const struct pp_judge *j, uint32_t write)
{
	return j->model.state[write] & (PP_STATE_UNKNOWN | PP_STATE_WEAK)
		       ? PP_TIME_NEVER
		       : j->h->events[write].end_ns;
}

/* ---- what has been seen ---- */

/*
 * One more value. Of those that were seen the latest is kept, as what goes back before another goes
 * back before it, too. Beside it only a value that the latest itself has gone back before: whoever
 * shows the latest once more is judged by that one.
 */
static void settle(const void *arg, struct pp_order_run *r, struct pp_sight s)
{
	const struct pp_judge *j = arg;
	struct pp_sight older;
	bool later;

	if (r->latest.event == PP_NO_EVENT) {
		r->latest = s;
		return;
	}
	later = since_ns(j, &s) > since_ns(j, &r->latest);
	if (r->latest.write == s.write) {
		r->latest = later ? s : r->latest;
		return;
	}
	older = later ? r->latest : s;
	r->latest = later ? s : r->latest;
	if (r->other.event != PP_NO_EVENT && r->other.write != r->latest.write &&
	    since_ns(j, &r->other) > since_ns(j, &older))
		older = r->other;
	/* When zeros came is asked of the model at each time anew. */
	r->other =
		r->latest.write == PP_NO_EVENT || last_ns(j, r->latest.write) < since_ns(j, &older)
			? older
			: (struct pp_sight){ PP_NO_EVENT, PP_NO_EVENT };
}

static void settle_watch(struct pp_order *o, struct watch *w)
{
	struct pp_order_pages **pages = &o->paths[w->path];

	for (size_t i = 0; i < w->n && !o->failed; i++) {
		const struct glance *g = &w->glances[i];
		const struct pp_sight s = { g->write, g->event };

		if (!g->counts)
			continue;
		if (!*pages)
			*pages = pp_order_pages_new(&o->j->model);
		o->failed = !*pages ||
			    pp_order_pages_put(*pages, w->space, g->from, g->to, s, settle, o->j);
	}
	w->n = 0;
}

/* What has ended by the time counts from now on. */
static void settle_ended(struct pp_order *o, uint64_t now_ns)
{
	uint64_t least = PP_TIME_NEVER;

	for (size_t i = 0; i < o->n;) {
		struct watch *w = &o->watches[i], ended;

		if (w->end_ns >= now_ns) {
			least = w->end_ns < least ? w->end_ns : least;
			i++;
			continue;
		}
		settle_watch(o, w);
		ended = *w;
		*w = o->watches[--o->n];
		o->watches[o->n] = ended;
	}
	o->least_end_ns = least;
}

/* ---- what is being seen ---- */

static bool is_of(const struct watch *w, const struct pp_event *e, uint16_t space)
{
	return w->begin_ns == e->begin_ns && w->end_ns == e->end_ns && w->actor == e->actor &&
	       w->verb == e->verb && w->space == space;
}

static struct watch *watch_of(struct pp_order *o, const struct pp_event *e, uint16_t space)
{
	enum path path = path_of(e);
	struct watch *w, *more;

	for (o->last = o->n; o->last-- > 0;)
		if (is_of(&o->watches[o->last], e, space))
			return &o->watches[o->last];
	if (o->n == o->cap) {
		more = realloc(o->watches, (o->cap * 2 + 8) * sizeof(*more));
		if (!more)
			return NULL;
		memset(more + o->cap, 0, (o->cap + 8) * sizeof(*more));
		o->watches = more;
		o->cap = o->cap * 2 + 8;
	}
	o->last = o->n++;
	w = &o->watches[o->last];
	*w = (struct watch){
		.begin_ns = e->begin_ns,
		.end_ns = e->end_ns,
		.from = UINT64_MAX,
		.space = space,
		.actor = e->actor,
		.verb = e->verb,
		.path = (uint8_t)path,
		.glances = w->glances,
		.cap = w->cap,
	};
	if (w->end_ns < o->least_end_ns)
		o->least_end_ns = w->end_ns;
	return w;
}

static bool add_glance(struct watch *w, const struct glance *g)
{
	struct glance *last = w->n ? &w->glances[w->n - 1] : NULL, *more;

	w->from = g->from < w->from ? g->from : w->from;
	w->to = g->to > w->to ? g->to : w->to;
	if (last && last->event == g->event && last->write == g->write && last->to == g->from &&
	    last->counts == g->counts) {
		last->to = g->to;
		return true;
	}
	if (w->n == w->cap) {
		more = realloc(w->glances, (w->cap * 2 + 16) * sizeof(*more));
		if (!more)
			return false;
		w->glances = more;
		w->cap = w->cap * 2 + 16;
	}
	w->glances[w->n++] = *g;
	return true;
}

void pp_order_written(void *arg, uint32_t event, const struct pp_extent *x)
{
	struct pp_order *o = arg;

	for (size_t i = 0; i < o->n; i++) {
		struct watch *w = &o->watches[i];

		if (w->space != x->space || w->from >= x->to || x->from >= w->to ||
		    o->j->h->events[event].begin_ns >= w->end_ns)
			continue;
		for (size_t k = 0; k < w->n; k++)
			w->glances[k].counts |=
				w->glances[k].from < x->to && x->from < w->glances[k].to;
	}
}

/* ---- the rule ---- */

/* One value seen at a cell. */
struct seen {
	struct pp_judge *j;
	uint32_t event;
	uint16_t space;
	uint64_t offset_bytes;
	uint32_t found;
};

static void report(const struct seen *x, const struct pp_sight *before)
{
	const struct pp_history *h = x->j->h;
	struct pp_broken b = {
		.rule = PP_O3_NO_WAY_BACK,
		.cls = x->found == PP_NO_EVENT ? PP_CLASS_ZERO : PP_CLASS_STALE,
		.event = x->event,
		.space = x->space,
		.offset_bytes = x->offset_bytes,
		.length_bytes = PP_CELL_BYTES,
		.expected = before->write,
		.found = x->found,
		.sync = PP_NO_EVENT,
		.seen_by = before->event + 1,
		.has_stamp = x->found != PP_NO_EVENT,
	};

	if (b.has_stamp)
		b.stamp = (struct pp_stamp){
			.run = h->run,
			.region = x->space,
			.offset_bytes = x->offset_bytes,
			.writer = h->events[x->found].writer,
			.generation = h->events[x->found].gen,
		};
	pp_judge_broken(x->j, &b);
}

/* After a failed sync older content may come back; behind the end of the file, in its last page, it
 * may at any time: writeback clears that. */
static bool excused(const struct seen *x, uint64_t since)
{
	uint64_t end = x->j->h->events[x->event].end_ns;
	struct pp_place p;

	return pp_edges_cut(x->j, x->space, x->offset_bytes + PP_CELL_BYTES, since, end) ||
	       !pp_model_place(&x->j->model, x->space, x->offset_bytes, &p) ||
	       pp_model_failed(&x->j->model, &p, end) >= since;
}

static void judge_cell(const struct seen *x, const struct pp_order_run *r)
{
	const struct pp_sight *both[] = { &r->latest, &r->other };
	uint64_t last;

	for (size_t i = 0; i < PP_ARRAY_LEN(both); i++) {
		const struct pp_sight *s = both[i];

		if (s->event == PP_NO_EVENT || s->write == x->found)
			continue;
		last = x->found != PP_NO_EVENT
			       ? last_ns(x->j, x->found)
			       : pp_model_zeroed(&x->j->model, x->space, x->offset_bytes,
						 x->j->h->events[x->event].end_ns);
		if (last >= since_ns(x->j, s) || excused(x, since_ns(x->j, s)))
			continue;
		report(x, s);
		return;
	}
}

/* Can the value have gone back before nothing that the run knows? */
static bool in_order(const struct pp_judge *j, const struct pp_order_run *r, uint32_t found)
{
	const struct pp_sight *s = r->latest.write == found ? &r->other : &r->latest;

	return s->event == PP_NO_EVENT ||
	       (found != PP_NO_EVENT && last_ns(j, found) >= since_ns(j, s));
}

static void judge_glance(struct pp_order *o, const struct watch *w, const struct glance *g)
{
	struct pp_order_pages *pages = o->paths[w->path];
	struct seen x = { o->j, g->event, w->space, g->from, g->write };

	while (pages && x.offset_bytes < g->to) {
		uint64_t end = (x.offset_bytes / PP_PAGE_BYTES + 1) * PP_PAGE_BYTES;
		size_t n;
		const struct pp_order_run *r =
			pp_order_pages_get(pages, w->space, x.offset_bytes / PP_PAGE_BYTES, &n);

		end = end < g->to ? end : g->to;
		for (; n && x.offset_bytes < end; n--, r++) {
			uint64_t base = x.offset_bytes / PP_PAGE_BYTES * PP_PAGE_BYTES;
			uint64_t from = base + r->first * PP_CELL_BYTES;
			uint64_t to = base + r->end * PP_CELL_BYTES;

			if (to <= x.offset_bytes || from >= end || in_order(o->j, r, x.found))
				continue;
			x.offset_bytes = from > x.offset_bytes ? from : x.offset_bytes;
			for (; x.offset_bytes < to && x.offset_bytes < end;
			     x.offset_bytes += PP_CELL_BYTES)
				judge_cell(&x, r);
			/* The next run is of the same page. */
			if (x.offset_bytes % PP_PAGE_BYTES == 0)
				break;
		}
		x.offset_bytes = end;
	}
}

void pp_rule_order(struct pp_judge *j, uint32_t event, uint16_t space, uint64_t from, uint64_t to,
		   uint32_t found, bool open)
{
	const struct pp_event *e = &j->h->events[event];
	struct pp_order *o = j->order;
	struct glance g = { from, to, found, event, open };
	struct watch *w;

	if (o->failed)
		return;
	if (o->least_end_ns < e->begin_ns)
		settle_ended(o, e->begin_ns);
	/*
	 * Who takes pages away clears the tables first and tells the other processors last: until
	 * it has ended, one may see the old page and another the new one.
	 */
	if ((j->model.zeros.n || j->model.lost_zeros.n) &&
	    pp_model_resets(&j->model, space, from, to, e->begin_ns, e->end_ns))
		return;
	/* The runs of one operation follow each other. */
	w = o->last < o->n && is_of(&o->watches[o->last], e, space) ? &o->watches[o->last]
								    : watch_of(o, e, space);
	if (w && open)
		judge_glance(o, w, &g);
	o->failed = !w || !add_glance(w, &g);
}

struct pp_order *pp_order_new(struct pp_judge *j)
{
	struct pp_order *o = calloc(1, sizeof(*o));

	if (o) {
		o->j = j;
		o->least_end_ns = PP_TIME_NEVER;
	}
	return o;
}

void pp_order_free(struct pp_order *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < PATH_COUNT; i++)
		pp_order_pages_free(o->paths[i]);
	for (size_t i = 0; i < o->cap; i++)
		free(o->watches[i].glances);
	free(o->watches);
	free(o);
}
