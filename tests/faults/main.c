/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs every driver with a fault in the first, second, ... call of each function, and judges: right
 * errno, right sentence, nothing left behind. Prints how often each function of calls.h was
 * reached and failed; one that never was is an error.
 *
 * usage: faults [--verbose] [--sites FILE] [DRIVER]
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drive.h"
#include "fakes.h"
#include "sys/clock.h"
#include "world.h"

#define SLOW_NS    100000000u
#define MOST_CALLS 1000 /* of one function by one operation: more is a loop that does not end */

static unsigned passed, failed;
static bool verbose;

static const struct {
	const struct driver *drivers;
	const size_t *n;
} tables[] = {
	{ drive_regions, &n_drive_regions }, { drive_memory, &n_drive_memory },
	{ drive_disks, &n_drive_disks },     { drive_processes, &n_drive_processes },
	{ drive_links, &n_drive_links },     { drive_traces, &n_drive_traces },
};

/* One repetition of a driver. */
struct trial {
	const struct driver *driver;
	enum whose whose;
	enum call call;
	unsigned n;
	struct fault fault;
	int rc;
	struct pp_err err;
};

__attribute__((format(printf, 2, 3))) static void complain(const struct trial *t, const char *fmt,
							   ...)
{
	va_list ap;

	failed++;
	printf("%s", t->driver->name);
	if (t->fault.happened)
		printf(", call %u of %s()%s%s%s fails with %s", t->n, call_names[t->call],
		       t->whose == CHILDRENS ? " by a child" : "", t->fault.detail[0] ? " of " : "",
		       t->fault.detail, pp_errno_name(t->fault.code));
	printf(": ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n    it gave %d (%s) and said: \"%s\"\n", t->rc, pp_errno_name(t->rc),
	       t->err.text);
}

static void open_files(bool out[256])
{
	for (int fd = 0; fd < 256; fd++)
		out[fd] = __real_fstat(fd, &(struct stat){ 0 }) == 0;
}

/* What holds for every operation. */
static const struct mapping everywhere[] = {
	{ CALL___io_uring_get_cqe, NULL, GOES_ON, "nothing is there yet: it is asked again" },
	{ CALL_read, "pipe:", MAY_GO_ON, "what a program said is lost, but its end counts" },
	{ 0 },
};

static const struct mapping *find_in(const struct mapping *m, const struct fault *f)
{
	for (; m->why; m++)
		if ((m->call == ANY_CALL || m->call == f->call) &&
		    (!m->about || strstr(f->detail, m->about)))
			return m;
	return NULL;
}

static const struct mapping *find(const struct trial *t)
{
	const struct mapping *m = find_in(t->driver->mapped, &t->fault);

	return m ? m : find_in(everywhere, &t->fault);
}

static bool fits(const struct trial *t, int want)
{
	switch (want) {
	case MAY_GO_ON:
		return !t->rc || t->rc == -t->fault.code;
	case SAYS_SO:
		return t->rc <= 0;
	default:
		return t->rc == want;
	}
}

static void check_sentence(const struct trial *t)
{
	const char *text = t->err.text, *desc = strerrordesc_np(-t->rc);
	size_t n = strlen(text), m = desc ? strlen(desc) : 0;

	if (t->driver->silent)
		return;
	if (n < 12 || strchr(text, '\n'))
		complain(t, "that is no sentence");
	else if (text[n - 1] != '.' && (n < m || strcmp(text + n - m, desc)))
		complain(t, "the sentence neither ends with its errno nor with a full stop");
}

static void check_result(const struct trial *t)
{
	const struct mapping *m = t->fault.happened ? find(t) : NULL;
	int want = !t->fault.happened ? 0 : m ? m->result : -t->fault.code;

	/* To go on after a signal, or to say so, are both right. */
	if (t->fault.code == EINTR && (t->rc == 0 || t->rc == -EINTR))
		want = t->rc;
	/* What only ends something need not be heard. */
	if (t->fault.happened && call_releases[t->fault.call] && !m && !t->rc)
		want = 0;
	/* In a child the operation may well succeed, or say what it knows. */
	if (t->whose == CHILDRENS)
		want = t->rc;
	if (!fits(t, want))
		complain(t, "it should have given %d (%s)", want, pp_errno_name(want));
	if (t->rc < 0)
		check_sentence(t);
}

static void check_left(const struct trial *t, const long left[OBJECTS], const bool before[256])
{
	bool after[256];

	for (int i = 1; i < OBJECTS; i++)
		if (left[i] > 0)
			complain(t, "it left %ld %s", left[i], object_names[i]);
	open_files(after);
	for (int fd = 0; fd < 256; fd++)
		if (after[fd] != before[fd])
			complain(t, "file descriptor %d is %s", fd,
				 after[fd] ? "still open" : "closed, which was not its own");
	if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
		complain(t, "a child is left");
	if (fake_links())
		complain(t, "an RDMA or network device is left");
	fake_links_forget();
}

/* True if there was a call to fail. */
static bool try_call(struct trial *t, int code)
{
	uint64_t start = pp_now_ns();
	long left[OBJECTS];
	bool before[256];
	unsigned bad = failed;

	open_files(before);
	memset(&t->err, 0, sizeof(t->err));
	hook_begin(t->whose, t->call, t->n, code);
	t->rc = t->driver->run(t->driver, &t->err);
	t->fault = hook_end(left);
	check_result(t);
	check_left(t, left, before);
	if (verbose && t->fault.happened)
		printf("%s %u: %s(%s) -> %d %s\n", t->driver->name, t->n, call_names[t->fault.call],
		       t->fault.detail, t->rc, t->err.text);
	if (verbose && pp_now_ns() - start > SLOW_NS)
		printf("    it took %llu ms\n",
		       (unsigned long long)(pp_now_ns() - start) / 1000000);
	passed += failed == bad;
	return t->fault.happened;
}

/* The n-th call of one function, for every n. */
static void drive_call(const struct driver *d, enum whose whose, enum call call, int code)
{
	struct trial t = { .driver = d, .whose = whose, .call = call };

	do
		t.n++;
	while (try_call(&t, code) && t.n < MOST_CALLS);
	if (t.n == MOST_CALLS)
		complain(&t, "it makes more calls than anybody waits for");
}

static void drive(const struct driver *d, enum whose whose)
{
	/* Without a fault first: what does not work to begin with shows nothing. */
	struct trial t = { .driver = d, .whose = whose, .call = CALLS };
	unsigned made[CALLS], all = 0;

	try_call(&t, 0);
	for (int i = 0; i < CALLS; i++)
		all += made[i] = hook_made((enum call)i);
	if (!all)
		complain(&t, "it makes no call");
	for (int i = 0; i < CALLS; i++) {
		if (!made[i])
			continue;
		drive_call(d, whose, (enum call)i, 0);
		if (hook_interruptible((enum call)i))
			drive_call(d, whose, (enum call)i, EINTR);
	}
}

static void table(void)
{
	unsigned reached, hit;

	printf("%-36s %8s %8s\n", "function", "reached", "failed");
	for (int i = 0; i < CALLS; i++) {
		hook_tally((enum call)i, &reached, &hit);
		printf("%-36s %8u %8u\n", call_names[i], reached, hit);
		if (hit)
			continue;
		failed++;
		printf("%s: no driver reaches it\n", call_names[i]);
	}
}

int main(int argc, char **argv)
{
	const char *only = NULL, *sites = NULL;
	FILE *f;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--verbose"))
			verbose = true;
		else if (!strcmp(argv[i], "--sites") && i + 1 < argc)
			sites = argv[++i];
		else
			only = argv[i];
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	hook_init();
	fake_link_init();
	world_make();
	drive_prepare();
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (size_t k = 0; k < *tables[i].n; k++) {
			const struct driver *d = &tables[i].drivers[k];

			if (only && strcmp(only, d->name))
				continue;
			drive(d, OURS);
			if (d->children)
				drive(d, CHILDRENS);
		}
	world_remove();
	if (!only)
		table();
	f = sites ? __real_fopen(sites, "we") : NULL;
	if (f) {
		hook_sites(f);
		__real_fclose(f);
	}
	printf("faults: %u passed, %u failed\n", passed, failed);
	return failed ? 1 : 0;
}
