/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal to kmsg.c and its unit test: one record of /dev/kmsg as text. Pure. */
#ifndef PP_SYS_KMSG_RECORD_H
#define PP_SYS_KMSG_RECORD_H

#include <stddef.h>

/**
 * pp_kmsg_record - "6,339,5140900,-;NET: one\x0atwo\n SUBSYSTEM=..." becomes "[    5.140900] NET:
 *one\n" and the same stamp before "two\n"
 * @out: buffer of @size bytes, always terminated if size > 0
 *
 * The dictionary lines after the message are left out. Only \x09, \x0a and \x5c are unescaped:
 *other control characters stay visible. A record without the header's form is copied as one line.
 *Returns strlen(out).
 */
size_t pp_kmsg_record(const char *record, size_t len, char *out, size_t size);

#endif
