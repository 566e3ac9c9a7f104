/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A draft of a report to a kernel list; see export.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/export.h"
#include "core/report.h"

#define LOG_LINES 30u

static void put_plan(FILE *f, const struct pp_plan *plan)
{
	char *text = pp_plan_print(plan), *line = text;

	for (line = text ? strtok(text, "\n") : NULL; line; line = strtok(NULL, "\n"))
		if (!strncmp(line, "op ", 3) || !strncmp(line, "fs ", 3) ||
		    !strncmp(line, "mr ", 3) || !strncmp(line, "region ", 7) ||
		    !strncmp(line, "gate ", 5))
			fprintf(f, "    %s\n", line);
	free(text);
}

/* The lines of the log that are damage to pinproof's eye, else its end. */
static void put_log(FILE *f, const char *log)
{
	const char *from = log + strlen(log);
	unsigned lines = 0;

	while (from > log && lines < LOG_LINES + 1)
		lines += *--from == '\n';
	from += *from == '\n';
	while (*from) {
		size_t len = strcspn(from, "\n");

		fprintf(f, "    ");
		for (size_t i = 0; i < len; i++)
			fputc(from[i] >= ' ' && from[i] <= '~' ? from[i] : ' ', f);
		fputc('\n', f);
		from += len + (from[len] == '\n');
	}
}

static void put_body(FILE *f, const struct pp_plan *plan, const struct pp_finding *x,
		     const struct pp_facts *facts, const char *log)
{
	fprintf(f, "Subject: [BUG] %s on %s: %s\n\n", pp_rule_words[x->rule].title, plan->backing,
		pp_class_words[x->cls].title);
	fprintf(f,
		"Hi,\n\non %s (upstream %d.%d.%d) memory that %s had pinned, over %s, broke this "
		"promise:\n\n",
		facts->release[0] ? facts->release : "[which kernel]", facts->version.major,
		facts->version.minor, facts->version.patch, plan->pinner, plan->backing);
	pp_report_finding(f, x, plan, "    ");
	fprintf(f, "\nWhat was done, one after another where nothing else is said:\n\n");
	put_plan(f, plan);
	fprintf(f, "\nHow to see it: the program below (cc -O2 -Wall; exit status 1 is "
		   "reproduced), or\n"
		   "\"pinproof replay --kernel KERNEL BUNDLE\" with the attached bundle, which "
		   "holds the whole\n"
		   "history, the kernel's log and its configuration.\n");
	fprintf(f, "\nSince when: [not known; \"pinproof bisect\" finds out]\n");
	if (x->defect >= 0)
		fprintf(f, "\nThis looks like the known defect %s:\n%s\n",
			pp_defects[x->defect].name, pp_defects[x->defect].reference);
	if (log && log[0]) {
		fprintf(f, "\nThe end of the kernel's log of that time:\n\n");
		put_log(f, log);
	}
	fprintf(f, "\nWhat this does not show: soft-RoCE copies with the CPU inside the kernel, so "
		   "no IOMMU, no PCIe\n"
		   "ordering and no device that writes by itself was involved; times are those of "
		   "a virtual machine.\n"
		   "\n[your name]\n");
}

int pp_export_mail(const struct pp_plan *plan, const struct pp_result *r,
		   const struct pp_facts *facts, const char *log, char **out, struct pp_err *err)
{
	const struct pp_finding *x = pp_export_finding(r);
	size_t len;
	FILE *f;

	*out = NULL;
	if (!x)
		return pp_err_set(err, -ENOENT, "nothing was found: there is nothing to report.");
	f = open_memstream(out, &len);
	if (f)
		put_body(f, plan, x, facts, log);
	if (f && !fclose(f))
		return 0;
	free(*out);
	*out = NULL;
	return pp_err_set(err, -ENOMEM, "mail");
}
