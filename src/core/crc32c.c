/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRC-32C (Castagnoli) in two implementations with the same results: eight
 * tables, and the SSE4.2 instruction where the CPU has it; see stamp.h.
 */
#include "core/crc_row.h"
#include "core/stamp.h"

#include <stdatomic.h>
#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

/* Row k: the CRC of a byte that k zero bytes follow, polynomial 0x82f63b78 (reflected). */
/* clang-format off */
static const uint32_t table[8][256] = {
	{ PP_CRC_ROW(0u, 0xf26b8303u, 0xe13b70f7u, 0xc79a971fu, 0x8ad958cfu,
		     0x105ec76fu, 0x20bd8edeu, 0x417b1dbcu, 0x82f63b78u) },
	{ PP_CRC_ROW(0u, 0x13a29877u, 0x274530eeu, 0x4e8a61dcu, 0x9d14c3b8u,
		     0x3fc5f181u, 0x7f8be302u, 0xff17c604u, 0xfbc3faf9u) },
	{ PP_CRC_ROW(0u, 0xa541927eu, 0x4f6f520du, 0x9edea41au, 0x38513ec5u,
		     0x70a27d8au, 0xe144fb14u, 0xc76580d9u, 0x8b277743u) },
	{ PP_CRC_ROW(0u, 0xdd45aab8u, 0xbf672381u, 0x7b2231f3u, 0xf64463e6u,
		     0xe964b13du, 0xd725148bu, 0xaba65fe7u, 0x52a0c93fu) },
	{ PP_CRC_ROW(0u, 0x38116facu, 0x7022df58u, 0xe045beb0u, 0xc5670b91u,
		     0x8f2261d3u, 0x1ba8b557u, 0x37516aaeu, 0x6ea2d55cu) },
	{ PP_CRC_ROW(0u, 0xef306b19u, 0xdb8ca0c3u, 0xb2f53777u, 0x6006181fu,
		     0xc00c303eu, 0x85f4168du, 0x0e045bebu, 0x1c08b7d6u) },
	{ PP_CRC_ROW(0u, 0x68032cc8u, 0xd0065990u, 0xa5e0c5d1u, 0x4e2dfd53u,
		     0x9c5bfaa6u, 0x3d5b83bdu, 0x7ab7077au, 0xf56e0ef4u) },
	{ PP_CRC_ROW(0u, 0x493c7d27u, 0x9278fa4eu, 0x211d826du, 0x423b04dau,
		     0x847609b4u, 0x0d006599u, 0x1a00cb32u, 0x34019664u) },
};
/* clang-format on */

static uint32_t crc_by_table(uint32_t crc, const unsigned char *p, size_t len)
{
	for (; len >= 8; p += 8, len -= 8) {
		uint32_t lo = crc ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
				     (uint32_t)p[3] << 24);

		crc = table[7][lo & 0xff] ^ table[6][(lo >> 8) & 0xff] ^
		      table[5][(lo >> 16) & 0xff] ^ table[4][lo >> 24] ^ table[3][p[4]] ^
		      table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
	}
	for (; len; p++, len--)
		crc = crc >> 8 ^ table[0][(crc ^ *p) & 0xff];
	return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t
crc_by_instruction(uint32_t crc, const unsigned char *p, size_t len)
{
	uint64_t wide = crc;

	for (; len >= 8; p += 8, len -= 8) {
		uint64_t word;

		memcpy(&word, p, sizeof(word));
		wide = _mm_crc32_u64(wide, word);
	}
	crc = (uint32_t)wide;
	for (; len; p++, len--)
		crc = _mm_crc32_u8(crc, *p);
	return crc;
}

static bool have_instruction(void)
{
	return __builtin_cpu_supports("sse4.2");
}
#else
static uint32_t crc_by_instruction(uint32_t crc, const unsigned char *p, size_t len)
{
	return crc_by_table(crc, p, len);
}

static bool have_instruction(void)
{
	return false;
}
#endif

/*
 * The one piece of state: which of two functions with equal results runs. It is
 * atomic and no reader's result depends on it, so any thread may change it.
 */
static atomic_bool use_instruction;

uint32_t pp_crc32c(uint32_t crc, const void *data, size_t len)
{
	if (atomic_load_explicit(&use_instruction, memory_order_relaxed))
		return ~crc_by_instruction(~crc, data, len);
	return ~crc_by_table(~crc, data, len);
}

bool pp_crc32c_force(const char *which)
{
	bool instruction = !strcmp(which, "instruction");

	if (!instruction && strcmp(which, "table"))
		return false;
	if (instruction && !have_instruction())
		return false;
	atomic_store_explicit(&use_instruction, instruction, memory_order_relaxed);
	return true;
}
