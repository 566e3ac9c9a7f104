/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run another program (mkfs, modprobe) with a deadline, its output kept for the error sentence. */
#ifndef PP_SYS_COMMAND_H
#define PP_SYS_COMMAND_H

#include <stddef.h>

#include "core/err.h"

/**
 * pp_command - run argv[0] (searched in PATH plus /usr/sbin:/sbin) without a shell, stdin /dev/null
 * @timeout_ms: then SIGKILL to its process group and -ETIMEDOUT
 * @output: NULL, or buffer that gets the first bytes of stdout+stderr, NUL-terminated
 *
 * Returns the exit status (>= 0), -ENOENT if the program is missing, -ETIMEDOUT, -EINTR if it died
 * of a signal, other -errno. For status != 0 @err holds "NAME ...: first line of its output".
 */
int pp_command(const char *const argv[], int timeout_ms, char *output, size_t size,
	       struct pp_err *err);

/** pp_command_exists - is the program in PATH, /usr/sbin or /sbin? */
int pp_command_exists(const char *name);

#endif
