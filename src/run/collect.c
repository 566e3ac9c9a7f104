/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects what a guest left; see collect.h. */
#include "run/collect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/logscan.h"
#include "run/judge.h"
#include "run/rundir.h"
#include "run/stream.h"

#define MOST_BYTES   (4ull << 30) /* of one guest's results */
#define CONSOLE_TAIL 65536u       /* kept as the dead case's log */
#define MARK_BEGIN   "pinproof: begin "
#define MARK_END     "pinproof: end "

int pp_case_labels(const char *dir, const char *name, char ***out, size_t *count,
		   struct pp_err *err)
{
	size_t len, n = 0, lines = 1;
	char *text, **labels;
	int rc = pp_file_read(dir, name, &text, &len, err);

	if (rc)
		return rc;
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	labels = calloc(lines + 1, sizeof(*labels));
	if (!labels) {
		free(text);
		return pp_err_set(err, -ENOMEM, "list of cases");
	}
	for (char *line = strtok(text, "\n"); line && !rc; line = strtok(NULL, "\n")) {
		labels[n] = strdup(line);
		rc = labels[n] ? 0 : pp_err_set(err, -ENOMEM, "list of cases");
		n += !rc;
	}
	free(text);
	if (rc) {
		pp_case_labels_free(labels, n);
		return rc;
	}
	*out = labels;
	*count = n;
	return 0;
}

void pp_case_labels_free(char **labels, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(labels[i]);
	free(labels);
}

/* Bytes in front of the line of the last mark that a case begins, 0 if there is none. */
static size_t before_last_begin(const char *console, size_t len)
{
	const char *begin = console, *at = console;

	/* A console may hold NUL bytes: firmware writes what it likes. */
	while ((at = memmem(at, len - (size_t)(at - console), MARK_BEGIN, strlen(MARK_BEGIN))))
		begin = at++;
	while (begin > console && begin[-1] != '\n')
		begin--;
	return (size_t)(begin - console);
}

/* The case that ran when the guest died: CRASH, with the console's word for it. */
static int blame(const char *dir, const char *guest_dir, struct pp_err *err)
{
	struct pp_ending_record e = { .ending = PP_ENDING_CRASH, .attempts = 1 };
	char title[256], *console = NULL, ended[64] = "";
	char *text;
	size_t len = 0, ended_len;
	int rc;

	if (pp_file_read(guest_dir, "console.log", &console, &len, NULL))
		console = NULL;
	if (!pp_file_read(guest_dir, "ended", &text, &ended_len, NULL)) {
		snprintf(ended, sizeof(ended), "%.*s", (int)strcspn(text, "\n"), text);
		free(text);
	}
	if (console) {
		size_t skip = before_last_begin(console, len);

		/* What earlier cases left on the console is theirs. */
		memmove(console, console + skip, len - skip + 1);
		len -= skip;
	}
	if (console && pp_log_crash(console, len, title, sizeof(title)))
		snprintf(e.reason, sizeof(e.reason), "the guest died: %s", title);
	else
		snprintf(e.reason, sizeof(e.reason),
			 "the guest ended without a result, and its console names no cause%s%s",
			 ended[0] ? "; the launcher says: " : "", ended);
	rc = pp_ending_save(dir, &e, err);
	if (!rc && console) {
		size_t skip = len > CONSOLE_TAIL ? len - CONSOLE_TAIL : 0;

		rc = pp_file_write(dir, "kmsg.log", console + skip, len - skip, err);
	}
	free(console);
	return rc;
}

/* The user stopped the guest: what ran then died of nothing. */
static bool was_stopped(const char *guest_dir)
{
	size_t len;
	char *text;
	bool yes;

	if (pp_file_read(guest_dir, "ended", &text, &len, NULL))
		return false;
	yes = strncmp(text, "interrupted", strlen("interrupted")) == 0;
	free(text);
	return yes;
}

/* What the endings of a guest's cases say together. */
struct settled {
	size_t remaining; /* not begun */
	bool blamed;      /* one of them ran when the guest died */
};

static int settle_case(const char *out, const char *guest_dir, const char *label, FILE *remaining,
		       struct settled *s, struct pp_err *err)
{
	struct pp_ending_record e;
	char dir[PP_PATH_MAX];
	int rc = pp_rundir_case(out, label, dir, sizeof(dir), err);

	if (rc)
		return rc;
	rc = pp_ending_load(dir, &e, err);
	if (rc == -ENOENT) {
		rmdir(dir);
		fprintf(remaining, "%s\n", label);
		s->remaining++;
		return 0;
	}
	if (rc || e.ending != PP_ENDING_STARTED || was_stopped(guest_dir))
		return rc;
	s->blamed = true;
	return blame(dir, guest_dir, err);
}

/* Did the guest die, as the launcher saw it? Its time may just be over while cases remain. */
static bool guest_died(const char *guest_dir, const struct settled *s)
{
	static const struct {
		const char *word;
		bool also_between;
	} deaths[] = {
		{ "panic:", true }, { "reset:", true }, { "silence:", false }, { "timeout:", false }
	};
	bool died = false;
	size_t len;
	char *text;

	if (pp_file_read(guest_dir, "ended", &text, &len, NULL))
		return false;
	for (size_t i = 0; i < PP_ARRAY_LEN(deaths); i++)
		died |= !strncmp(text, deaths[i].word, strlen(deaths[i].word)) &&
			(deaths[i].also_between || !s->remaining);
	free(text);
	return died;
}

/* Behind the console's last mark if that is a case's end: the label (cut out in place) and what
 * follows. NULL if a case had begun, or none ever did. */
static const char *behind_last_end(char *console, char **label)
{
	char *end = NULL, *line;

	for (char *at = console; (at = strstr(at, MARK_END)); at += strlen(MARK_END))
		end = at + strlen(MARK_END);
	line = end ? strchr(end, '\n') : NULL;
	if (!line || strstr(end, MARK_BEGIN))
		return NULL;
	end[strcspn(end, "\r\n")] = '\0';
	*label = end;
	return line + 1;
}

static int append_log(const char *dir, const char *more, struct pp_err *err)
{
	static const char divider[] = "pinproof: after the end of the case, from the console:\n";
	char *log = NULL, *both;
	size_t len = 0, size;
	int rc;

	if (pp_file_read(dir, "kmsg.log", &log, &len, NULL))
		log = NULL;
	size = len + sizeof(divider) + strlen(more);
	both = malloc(size);
	if (both)
		snprintf(both, size, "%.*s%s%s", (int)len, log ? log : "", divider, more);
	rc = pp_file_text(dir, "kmsg.log", both, err);
	free(both);
	free(log);
	return rc;
}

/*
 * What befell the guest after its last case had ended (while it cleaned up, say) is damage too, and
 * that case is the nearest to it. A guest that lives on has the next case tell, see judge.c.
 */
static int blame_late(const char *out, const char *guest_dir, const struct settled *s,
		      struct pp_err *err)
{
	bool died = guest_died(guest_dir, s);
	char dir[PP_PATH_MAX], title[256], *console, *label;
	struct pp_ending_record e;
	const char *late;
	size_t len;
	int rc = 0;

	if (s->blamed || was_stopped(guest_dir) ||
	    pp_file_read(guest_dir, "console.log", &console, &len, NULL))
		return 0;
	for (size_t i = 0; i < len; i++)
		console[i] = console[i] ? console[i] : ' ';
	late = behind_last_end(console, &label);
	if (!late || (!pp_log_crash(late, strlen(late), title, sizeof(title)) && !died))
		goto out;
	rc = pp_rundir_case(out, label, dir, sizeof(dir), err);
	if (!rc && pp_ending_load(dir, &e, NULL)) {
		rmdir(dir); /* the mark of a case that is none of this run */
		goto out;
	}
	if (!rc)
		rc = append_log(dir, late, err);
	if (!rc && died) {
		e.ending = PP_ENDING_CRASH;
		snprintf(e.reason, sizeof(e.reason), "the guest died after this case had ended: %s",
			 title[0] ? title : "its console names no cause");
		rc = pp_ending_save(dir, &e, err);
	}
out:
	free(console);
	return rc;
}

int pp_collect(const char *run, const char *guest, FILE *remaining, struct pp_err *err)
{
	char out[PP_PATH_MAX], guest_dir[PP_PATH_MAX], tar[PP_PATH_MAX];
	struct settled s = { 0 };
	struct stat st;
	char **labels;
	size_t count;
	int rc;

	if (snprintf(out, sizeof(out), "%s/out", run) >= (int)sizeof(out) ||
	    snprintf(guest_dir, sizeof(guest_dir), "%s/%s", run, guest) >= (int)sizeof(guest_dir) ||
	    snprintf(tar, sizeof(tar), "%s/%s/results.tar", run, guest) >= (int)sizeof(tar))
		return pp_err_set(err, -ENAMETOOLONG, "run directory %.80s", run);
	rc = pp_case_labels(run, "cases", &labels, &count, err);
	if (rc)
		return rc;
	if (stat(out, &st))
		rc = pp_rundir_make(out, err);
	if (!rc && !stat(tar, &st)) {
		rc = pp_stream_unpack(tar, out, MOST_BYTES, err);
		rc = rc > 0 ? 0 : rc;
	}
	for (size_t i = 0; !rc && i < count; i++)
		rc = settle_case(out, guest_dir, labels[i], remaining, &s, err);
	if (!rc)
		rc = blame_late(out, guest_dir, &s, err);
	pp_case_labels_free(labels, count);
	return rc;
}
