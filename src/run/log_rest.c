/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel still prints; see log_rest.h. */
#include "run/log_rest.h"

#include "core/logscan.h"

#define INTERVAL_NS (PP_LOG_INTERVAL_MS * (uint64_t)1000000)

void pp_log_rest_note(struct pp_log_rest *r, uint64_t now_ns, const char *log, size_t len)
{
	unsigned most = log ? pp_log_most(log, len) : 0;

	if (now_ns - r->last_ns >= INTERVAL_NS)
		r->lines = 0;
	if (!most)
		return;
	r->lines += most;
	r->last_ns = now_ns;
}

uint32_t pp_log_rest_ms(const struct pp_log_rest *r, uint64_t now_ns)
{
	uint64_t since = now_ns - r->last_ns;

	if (r->lines < PP_LOG_BURST / 2 || since >= INTERVAL_NS)
		return 0;
	return (uint32_t)((INTERVAL_NS - since + 999999) / 1000000);
}
