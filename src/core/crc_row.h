/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of constants for CRCs: what one byte at one place does to a CRC. */
#ifndef PP_CORE_CRC_ROW_H
#define PP_CORE_CRC_ROW_H

/* clang-format off */
/*
 * PP_CRC_ROW(0u, values at bytes 1, 2, 4 ... 128) - the 256 values of a row
 *
 * A CRC is linear over XOR, so the 256 entries of a table follow from those at
 * the powers of two. The compiler expands them: nothing is computed at run
 * time, and so there is nothing that threads could race for.
 */
#define PP_T1(x, a) (x), (x) ^ (a)
#define PP_T2(x, a, b) PP_T1(x, a), PP_T1((x) ^ (b), a)
#define PP_T3(x, a, b, c) PP_T2(x, a, b), PP_T2((x) ^ (c), a, b)
#define PP_T4(x, a, b, c, d) PP_T3(x, a, b, c), PP_T3((x) ^ (d), a, b, c)
#define PP_T5(x, a, b, c, d, e) PP_T4(x, a, b, c, d), PP_T4((x) ^ (e), a, b, c, d)
#define PP_T6(x, a, b, c, d, e, f) PP_T5(x, a, b, c, d, e), PP_T5((x) ^ (f), a, b, c, d, e)
#define PP_T7(x, a, b, c, d, e, f, g) PP_T6(x, a, b, c, d, e, f), PP_T6((x) ^ (g), a, b, c, d, e, f)
#define PP_CRC_ROW(x, a, b, c, d, e, f, g, h) PP_T7(x, a, b, c, d, e, f, g), PP_T7((x) ^ (h), a, b, c, d, e, f, g)
/* clang-format on */

#endif
