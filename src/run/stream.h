/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results that leave a guest while it lives: a tar stream, appended file by
 * file, which stays readable up to the last whole entry when the guest dies.
 */
#ifndef PP_RUN_STREAM_H
#define PP_RUN_STREAM_H

#include <stdbool.h>

#include "core/err.h"

struct pp_stream;

/** pp_stream_open - append to @path (a file or a character device such as a virtio port). */
int pp_stream_open(const char *path, struct pp_stream **out, struct pp_err *err);
/** pp_stream_file - append one file of the run directory; @name is relative to it. Absent files are
 * left out. */
int pp_stream_file(struct pp_stream *s, const char *run, const char *name, struct pp_err *err);
/** pp_stream_dir - append all plain files of a directory of the run directory (not below it),
 * ending.json last: a stream that ends with it has all that it speaks of. */
int pp_stream_dir(struct pp_stream *s, const char *run, const char *name, struct pp_err *err);
/** pp_stream_close - end of archive. NULL is fine. */
void pp_stream_close(struct pp_stream *s);

/**
 * pp_stream_unpack - unpack a stream into directory @run; a later entry replaces an earlier one
 *
 * Only plain files with relative names without ".." are taken, at most @most_bytes in all. A
 * cut-off end is not an error. Returns the number of files, or -errno.
 */
int pp_stream_unpack(const char *path, const char *run, unsigned long long most_bytes,
		     struct pp_err *err);

#endif
