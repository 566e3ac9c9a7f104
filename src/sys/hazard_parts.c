/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hazards that take a part of the machine away: a block of memory, a DAX device; see hazard.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sys/hazard.h"

#define MEMORY_DIR "/sys/devices/system/memory/"
#define DAX_UNBIND "/sys/bus/dax/drivers/device_dax/unbind"
#define PAGE_BYTES 4096u

static int block_bytes(uint64_t *out, struct pp_err *err)
{
	char text[32];
	int rc = pp_control_read(MEMORY_DIR "block_size_bytes", text, sizeof(text), err);

	*out = strtoull(text, NULL, 16);
	if (!rc && !*out)
		rc = pp_err_set(err, -ENODATA, "the size of a memory block is '%s'", text);
	return rc;
}

static void wake(int signal)
{
	(void)signal;
}

/* A timer that interrupts this thread alone, again and again: one signal could come too early. */
static int alarm_thread(timer_t *timer, uint32_t after_ms, struct pp_err *err)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM };
	struct sigaction act = { .sa_handler = wake }; /* no SA_RESTART */
	struct itimerspec when = {
		.it_value = { after_ms / 1000, (long)(after_ms % 1000) * 1000000 },
		.it_interval = { 0, 100000000 },
	};

	event._sigev_un._tid = gettid();
	if (sigaction(SIGALRM, &act, NULL) || timer_create(CLOCK_MONOTONIC, &event, timer))
		return pp_err_set(err, -errno, "no timer");
	if (timer_settime(*timer, 0, &when, NULL)) {
		int rc = pp_err_set(err, -errno, "no timer");

		timer_delete(*timer);
		return rc;
	}
	return 0;
}

int pp_hazard_memory_block(uint64_t frame, char *path, size_t size, struct pp_err *err)
{
	uint64_t bytes;
	int rc = block_bytes(&bytes, err);

	if (!rc)
		snprintf(path, size, MEMORY_DIR "memory%llu/state",
			 (unsigned long long)(frame / (bytes / PAGE_BYTES)));
	return rc;
}

int pp_hazard_offline(const char *path, uint32_t bound_ms, struct pp_err *err)
{
	timer_t timer;
	int rc = alarm_thread(&timer, bound_ms, err);

	if (rc)
		return rc;
	rc = pp_control_write(path, "offline", err);
	timer_delete(timer);
	/* The kernel tries for ever; that a signal had to end it says that the pages stayed. */
	if (rc == -EINTR)
		return pp_err_set(err, -EBUSY, "%s was not offline after %u ms", path, bound_ms);
	return rc ? rc : pp_control_write(path, "online_movable", err);
}

int pp_hazard_dax_unbind(const char *dev, struct pp_err *err)
{
	const char *name = strrchr(dev, '/');

	return pp_control_write(DAX_UNBIND, name ? name + 1 : dev, err);
}
