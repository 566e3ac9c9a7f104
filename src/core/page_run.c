/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs of pages in the same state, as bytes and as words; see page_run.h. */
#include "core/page_run.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
const struct pp_word pp_page_words[PP_PAGE_BITS] = {
	{ "present",     "a frame is mapped there" },
	{ "swapped",     "a swap entry is there" },
	{ "softdirty",   "written since the soft-dirty bits were cleared" },
	{ "exclusive",   "mapped once" },
	{ "file",        "a page of a file or of shared memory" },
	{ "uffd-wp",     "write-protected by userfaultfd" },
	{ "dirty",       "to be written back" },
	{ "writeback",   "being written back" },
	{ "uptodate",    "its content is valid" },
	{ "lru",         "on a list of pages that may be reclaimed" },
	{ "buddy",       "free" },
	{ "head",        "first of a compound page" },
	{ "tail",        "behind the first of a compound page" },
	{ "huge",        "of hugetlb" },
	{ "thp",         "part of a transparent huge page" },
	{ "ksm",         "merged with equal pages" },
	{ "anon",        "anonymous memory" },
	{ "swapbacked",  "goes to swap, not to a file" },
	{ "swapcache",   "has a place in swap" },
	{ "zero",        "the shared page of zeros" },
	{ "unevictable", "must not be reclaimed" },
	{ "mmap",        "mapped by some page table" },
	{ "slab",        "used by the kernel's allocator" },
	{ "pgtable",     "used as a page table" },
	{ "nopage",      "there is no such memory" },
	{ "offline",     "taken offline" },
	{ "hwpoison",    "damaged memory" },
};
/* clang-format on */

/* A raw cell that holds a run: little-endian, the rest of the 64 bytes is 0. */
struct run_bytes {
	uint64_t frame;
	uint32_t state, count;
	uint8_t form, n_more, zero[2];
	int32_t more[PP_PAGE_LIST_MAX - 1];
};
_Static_assert(sizeof(struct run_bytes) == PP_CELL_BYTES, "a run fills a cell");

void pp_page_run_put(uint8_t cell[PP_CELL_BYTES], const struct pp_page_run *r)
{
	struct run_bytes b = {
		.frame = htole64(r->frame),
		.state = htole32(r->state),
		.count = htole32(r->count),
		.form = (uint8_t)r->form,
		.n_more = r->form == PP_PAGES_LIST ? r->n_more : 0,
	};

	for (size_t i = 0; i < b.n_more; i++)
		b.more[i] = (int32_t)htole32((uint32_t)r->more[i]);
	memcpy(cell, &b, sizeof(b));
}

bool pp_page_run_get(const uint8_t cell[PP_CELL_BYTES], struct pp_page_run *r)
{
	struct run_bytes b;

	memcpy(&b, cell, sizeof(b));
	*r = (struct pp_page_run){
		.frame = le64toh(b.frame),
		.state = le32toh(b.state),
		.count = le32toh(b.count),
		.form = b.form,
		.n_more = b.n_more,
	};
	if (b.form >= PP_PAGES_FORMS || r->state >> PP_PAGE_BITS || b.zero[0] || b.zero[1])
		return false;
	if (b.form != PP_PAGES_SAME && !r->frame)
		return false;
	if (b.form == PP_PAGES_LIST ? !b.n_more || b.n_more >= PP_PAGE_LIST_MAX : b.n_more)
		return false;
	for (size_t i = 0; i < PP_ARRAY_LEN(r->more); i++) {
		r->more[i] = (int32_t)le32toh((uint32_t)b.more[i]);
		if (i < b.n_more ? !(r->frame + (uint64_t)r->more[i]) : r->more[i])
			return false;
	}
	return true;
}

uint64_t pp_page_run_frame(const struct pp_page_run *r, size_t i)
{
	if (!r->frame || !i || r->form == PP_PAGES_SAME)
		return r->frame;
	if (r->form == PP_PAGES_STEP)
		return r->frame + i;
	return i <= r->n_more ? r->frame + (uint64_t)r->more[i - 1] : 0;
}

/* Write down the frames of a run of @n pages one by one, with room for one more. */
static bool make_list(struct pp_page_run *r, size_t n)
{
	if (n >= PP_PAGE_LIST_MAX)
		return false;
	if (r->form == PP_PAGES_LIST)
		return true;
	for (size_t i = 1; i < n; i++)
		r->more[i - 1] = r->form == PP_PAGES_STEP ? (int32_t)i : 0;
	r->form = PP_PAGES_LIST;
	r->n_more = (uint8_t)(n - 1);
	return true;
}

bool pp_page_run_extend(struct pp_page_run *r, size_t n, const struct pp_page_run *next)
{
	const int64_t more = (int64_t)(next->frame - r->frame);

	if (r->state != next->state || r->count != next->count || !r->frame != !next->frame)
		return false;
	if (n == 1 && r->form == PP_PAGES_SAME && r->frame && more == 1)
		r->form = PP_PAGES_STEP;
	if (r->form != PP_PAGES_LIST && next->frame == pp_page_run_frame(r, n))
		return true;
	if (more > INT32_MAX || more < INT32_MIN || !make_list(r, n))
		return false;
	r->more[r->n_more++] = (int32_t)more;
	return true;
}

void pp_page_state_text(uint32_t state, char *out, size_t size)
{
	size_t used = 0;

	if (size)
		snprintf(out, size, "nothing");
	for (unsigned i = 0; i < PP_PAGE_BITS && used < size; i++)
		if (state & 1u << i)
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? "," : "",
						 pp_page_words[i].name);
}

static unsigned find_state(const char *word, size_t len)
{
	unsigned i = 0;

	while (i < PP_PAGE_BITS && (strlen(pp_page_words[i].name) != len ||
				    memcmp(pp_page_words[i].name, word, len) != 0))
		i++;
	return i;
}

bool pp_page_state_value(const char *text, size_t len, uint32_t *state)
{
	static const char nothing[] = "nothing";

	*state = 0;
	if (len == strlen(nothing) && !memcmp(text, nothing, len))
		return true;
	for (const char *end = text + len;;) {
		const char *comma = memchr(text, ',', (size_t)(end - text));
		unsigned bit = find_state(text, (size_t)((comma ? comma : end) - text));

		if (bit == PP_PAGE_BITS || *state & 1u << bit)
			return false;
		*state |= 1u << bit;
		if (!comma)
			return true;
		text = comma + 1;
	}
}
