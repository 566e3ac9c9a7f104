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
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		labels[n++] = strdup(line);
	free(text);
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

static int settle_case(const char *out, const char *guest_dir, const char *label, FILE *remaining,
		       struct pp_err *err)
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
		return 0;
	}
	if (rc || e.ending != PP_ENDING_STARTED || was_stopped(guest_dir))
		return rc;
	return blame(dir, guest_dir, err);
}

int pp_collect(const char *run, const char *guest, FILE *remaining, struct pp_err *err)
{
	char out[PP_PATH_MAX], guest_dir[PP_PATH_MAX], tar[PP_PATH_MAX];
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
		rc = settle_case(out, guest_dir, labels[i], remaining, err);
	pp_case_labels_free(labels, count);
	return rc;
}
