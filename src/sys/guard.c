/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU access that survives SIGBUS and SIGSEGV; declared in pinio.h. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include "sys/pinio.h"

/* Where the copy in progress on this thread resumes; NULL outside of one. A handler has no other
 * argument. */
static __thread sigjmp_buf *volatile guard_resume;

/* This thread is declaring memory bad, and is told that it is. */
static __thread volatile bool guard_told;

void pp_guard_told(bool told)
{
	guard_told = told;
}

/*
 * Only a fault of this very access counts: si_code <= 0 was sent by a process,
 * BUS_MCEERR_AO reports poisoned memory that nobody touched.
 */
static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (guard_told && sig == SIGBUS &&
	    (info->si_code == BUS_MCEERR_AO || info->si_code == BUS_MCEERR_AR))
		return;
	if (guard_resume && info->si_code > 0 && !(sig == SIGBUS && info->si_code == BUS_MCEERR_AO))
		siglongjmp(*guard_resume, 1);
	signal(sig, SIG_DFL);
	/* A real fault repeats itself at the return, and so keeps its address for the core dump. */
	if (info->si_code <= 0 || info->si_code == BUS_MCEERR_AO)
		raise(sig);
}

int pp_guard_install(struct pp_err *err)
{
	/* SA_NODEFER: the jump out of the handler must not leave the signal blocked. */
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGBUS, &sa, NULL) || sigaction(SIGSEGV, &sa, NULL))
		return pp_err_set(err, -errno, "cannot catch SIGBUS and SIGSEGV");
	return 0;
}

/*
 * The memory under test is where plans race on purpose, and the oracle judges what comes of it: the
 * thread sanitizer is not to see these accesses as races of ours. Its runtime has the two
 * functions.
 */
#ifdef __SANITIZE_THREAD__
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);

static void races_begin(void)
{
	AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
	AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}

static void races_end(void)
{
	AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
	AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}
#else
static void races_begin(void)
{
}

static void races_end(void)
{
}
#endif

int pp_guarded_copy(void *to, const void *from, size_t length_bytes)
{
	sigjmp_buf here;

	if (sigsetjmp(here, 0)) {
		guard_resume = NULL;
		races_end();
		return -EFAULT;
	}
	races_begin();
	guard_resume = &here;
	memcpy(to, from, length_bytes);
	/* The compiler must not move the copy behind the end of the guard. */
	__asm__ volatile("" ::: "memory");
	guard_resume = NULL;
	races_end();
	return 0;
}
