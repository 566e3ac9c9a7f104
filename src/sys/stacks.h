/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where tasks wait that do not go on: kernel stacks, wait channels, system
 * calls, and the kernel's own list of blocked tasks.
 */
#ifndef PP_SYS_STACKS_H
#define PP_SYS_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"

/**
 * pp_stacks_where - the functions in which a thread waits, the innermost first
 * @out: "ext4_break_layouts < ext4_setattr < notify_change < do_truncate"; without a readable stack
 *	the wait channel, system call or state alone, which of a running thread does not tell
 *	whether it is in user space
 *
 * Frames of the scheduler are left out. True: from a whole stack (/proc/PID/task/TID/stack, which
 * needs CAP_SYS_ADMIN). Thread-safe. Source: proc(5), fs/proc/base.c.
 */
bool pp_stacks_where(pid_t pid, pid_t tid, char *out, size_t size);

/**
 * pp_stacks_write - every thread of every process of the process group @group, as text
 * @fd: appended to: of each thread its names, state, wait channel, system call and kernel stack
 *
 * What cannot be read is said once, with why. 0; -ESRCH: the group has no process; -errno of
 * write. Thread-safe.
 */
int pp_stacks_write(int fd, pid_t group, struct pp_err *err);

/**
 * pp_stacks_blocked - let the kernel write all blocked tasks into its log; with lockdep, also all
 * locks that are held
 *
 * 0 or -errno: needs root, and is for machines that may be disturbed. Source:
 * Documentation/admin-guide/sysrq.rst, commands w and d.
 */
int pp_stacks_blocked(struct pp_err *err);

#endif
