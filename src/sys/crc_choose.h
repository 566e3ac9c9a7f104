/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which CRC-32C is the faster one on this machine: measured, as an emulator turns it round. */
#ifndef PP_SYS_CRC_CHOOSE_H
#define PP_SYS_CRC_CHOOSE_H

/**
 * pp_crc32c_choose - time both implementations and let pp_crc32c() use the faster from now on
 *
 * Takes some tens of microseconds, a millisecond under emulation (where the instruction is the slow
 * one). Returns the name of the chosen one. Never fails: the table is always there. For the start
 * of a program; thread-safe.
 */
const char *pp_crc32c_choose(void);

#endif
