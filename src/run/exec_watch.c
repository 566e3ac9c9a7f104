/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The watchdog: interrupts operations that exceed their bound, so that the case can go on; before
 * that it writes down where they wait. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run/exec_state.h"
#include "run/hang.h"
#include "sys/clock.h"

/* As good as any that nobody else uses: default actions and libraries leave it alone. */
#define WATCH_SIGNAL  SIGUSR1
#define WATCH_POLL_MS 100u

struct pp_watch {
	struct pp_exec *x;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stop;
};

static void nothing(int number)
{
	(void)number;
}

/*
 * A signal must not hit the operation behind the one it is meant for. So the watchdog first says
 * that it is about to signal and then looks at the deadline again; the worker first takes the
 * deadline away and then waits until nobody is about to signal.
 */
static void interrupt_if_late(struct pp_worker *w, uint64_t now_ns)
{
	uint64_t deadline = atomic_load(&w->deadline_ns);

	if (!deadline || now_ns < deadline)
		return;
	atomic_store(&w->signalling, true);
	if (atomic_load(&w->deadline_ns) == deadline) {
		/* Before anything changes. */
		if (w->told != atomic_load(&w->op)) {
			w->told = atomic_load(&w->op);
			pp_hang_note(w->x->setup, w->x->outcome, w->told, w->tid,
				     (now_ns - atomic_load(&w->watched_ns)) / 1000000);
		}
		atomic_store(&w->signalled, true);
		/* Its thread is inside the operation, so that it exists. */
		syscall(SYS_tgkill, getpid(), w->tid, WATCH_SIGNAL);
	}
	atomic_store(&w->signalling, false);
}

void pp_watch_op_begins(struct pp_worker *w, uint32_t op, uint32_t bound_ms)
{
	atomic_store(&w->op, op);
	atomic_store(&w->watched_ns, pp_now_ns());
	atomic_store(&w->deadline_ns, pp_deadline_ns(bound_ms));
}

void pp_watch_op_ended(struct pp_worker *w)
{
	atomic_store(&w->deadline_ns, 0);
	atomic_store(&w->op, 0);
	while (atomic_load(&w->signalling))
		sched_yield();
	/* A signal that is still pending is delivered on the way back from any system call. */
	if (atomic_exchange(&w->signalled, false))
		sched_yield();
}

static void wait_a_little(struct pp_watch *watch)
{
	uint64_t until_ns = pp_deadline_ns(WATCH_POLL_MS);
	struct timespec until = { .tv_sec = (time_t)(until_ns / 1000000000u),
				  .tv_nsec = (long)(until_ns % 1000000000u) };

	pthread_cond_timedwait(&watch->changed, &watch->lock, &until);
}

static void *watch_main(void *arg)
{
	struct pp_watch *watch = arg;
	struct pp_exec *x = watch->x;

	pthread_mutex_lock(&watch->lock);
	while (!watch->stop) {
		uint64_t now_ns = pp_now_ns();

		for (size_t i = 0; i < x->plan->n_actors; i++)
			interrupt_if_late(&x->workers[i], now_ns);
		wait_a_little(watch);
	}
	pthread_mutex_unlock(&watch->lock);
	return NULL;
}

static void watch_init(struct pp_watch *watch)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&watch->changed, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&watch->lock, NULL);
}

int pp_watch_start(struct pp_exec *x, struct pp_watch **out, struct pp_err *err)
{
	struct sigaction sa = { .sa_handler = nothing }; /* no SA_RESTART: calls return EINTR */
	struct pp_watch *watch = calloc(1, sizeof(*watch));
	int rc;

	if (!watch)
		return pp_err_set(err, -ENOMEM, "watchdog");
	watch->x = x;
	watch_init(watch);
	sigaction(WATCH_SIGNAL, &sa, NULL);
	rc = pthread_create(&watch->thread, NULL, watch_main, watch);
	if (rc) {
		pthread_cond_destroy(&watch->changed);
		pthread_mutex_destroy(&watch->lock);
		free(watch);
		return pp_err_set(err, -rc, "thread of the watchdog");
	}
	*out = watch;
	return 0;
}

void pp_watch_stop(struct pp_watch *watch)
{
	if (!watch)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->stop = true;
	pthread_cond_signal(&watch->changed);
	pthread_mutex_unlock(&watch->lock);
	pthread_join(watch->thread, NULL);
	pthread_cond_destroy(&watch->changed);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}
