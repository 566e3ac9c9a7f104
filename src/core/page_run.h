/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a look at pages keeps: which frames stand behind neighbouring pages and
 * what the kernel says of them. One raw cell of the history holds one run.
 */
#ifndef PP_CORE_PAGE_RUN_H
#define PP_CORE_PAGE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/stamp.h"
#include "core/words.h"

#define PP_PAGE_LOOK_BYTES 4096u /* a look goes by base pages, whatever they are part of */

/* State of a page. The first group is said by pagemap of the page's place in a mapping, the second
 * by kpageflags of the frame; source: Documentation/admin-guide/mm/pagemap.rst. */
#define PP_PAGE_PRESENT   (1u << 0) /* a frame is mapped there */
#define PP_PAGE_SWAPPED   (1u << 1) /* a swap entry is: swapped out, or under migration */
#define PP_PAGE_SOFTDIRTY (1u << 2)
#define PP_PAGE_EXCLUSIVE (1u << 3) /* mapped once */
#define PP_PAGE_FILE      (1u << 4) /* of a file, or shared memory */
#define PP_PAGE_UFFD_WP   (1u << 5)

#define PP_PAGE_DIRTY       (1u << 6)
#define PP_PAGE_WRITEBACK   (1u << 7)
#define PP_PAGE_UPTODATE    (1u << 8)
#define PP_PAGE_LRU         (1u << 9)
#define PP_PAGE_BUDDY       (1u << 10) /* free */
#define PP_PAGE_HEAD        (1u << 11) /* of a compound page */
#define PP_PAGE_TAIL        (1u << 12)
#define PP_PAGE_HUGE        (1u << 13) /* hugetlb */
#define PP_PAGE_THP         (1u << 14)
#define PP_PAGE_KSM         (1u << 15)
#define PP_PAGE_ANON        (1u << 16)
#define PP_PAGE_SWAPBACKED  (1u << 17)
#define PP_PAGE_SWAPCACHE   (1u << 18)
#define PP_PAGE_ZERO        (1u << 19) /* the shared page of zeros */
#define PP_PAGE_UNEVICTABLE (1u << 20)
#define PP_PAGE_MMAP        (1u << 21) /* some page table maps it */
#define PP_PAGE_SLAB        (1u << 22)
#define PP_PAGE_PGTABLE     (1u << 23)
#define PP_PAGE_NOPAGE      (1u << 24) /* no memory has this number */
#define PP_PAGE_OFFLINE     (1u << 25)
#define PP_PAGE_HWPOISON    (1u << 26)
#define PP_PAGE_BITS        27

/* What the kernel uses for itself, or has for anybody: nobody's page can be this. */
#define PP_PAGE_NOT_OURS                                                                           \
	(PP_PAGE_BUDDY | PP_PAGE_SLAB | PP_PAGE_PGTABLE | PP_PAGE_NOPAGE | PP_PAGE_OFFLINE)

/* Of each bit, in order: its name in histories, and what it says. */
extern const struct pp_word pp_page_words[PP_PAGE_BITS];

enum pp_page_form {
	PP_PAGES_SAME, /* all pages show this frame, or none */
	PP_PAGES_STEP, /* each page's frame is the one behind the frame of the page before */
	PP_PAGES_LIST, /* of at most PP_PAGE_LIST_MAX pages, each with a frame of its own */
	PP_PAGES_FORMS
};
#define PP_PAGE_LIST_MAX 12u

/* Neighbouring pages in the same state, mapped equally often. */
struct pp_page_run {
	uint64_t frame; /* of the first page; 0: none */
	uint32_t state; /* PP_PAGE_* */
	uint32_t count; /* of mappings, kpagecount; at most UINT32_MAX */
	enum pp_page_form form;
	uint8_t n_more;                     /* PP_PAGES_LIST: pages behind the first */
	int32_t more[PP_PAGE_LIST_MAX - 1]; /* their frames, less that of the first */
};

/** pp_page_run_put - into a raw cell of the history, all of whose bytes are set. */
void pp_page_run_put(uint8_t cell[PP_CELL_BYTES], const struct pp_page_run *r);
/** pp_page_run_get - back; false: these bytes are no run. */
bool pp_page_run_get(const uint8_t cell[PP_CELL_BYTES], struct pp_page_run *r);

/** pp_page_run_frame - frame of page number @i of the run; 0: none, or not kept. */
uint64_t pp_page_run_frame(const struct pp_page_run *r, size_t i);

/** pp_page_run_extend - take @next, of one page, into a run of @n pages; false if it does not
 *  continue the run. */
bool pp_page_run_extend(struct pp_page_run *r, size_t n, const struct pp_page_run *next);

/** pp_page_state_text - "present,dirty", or "nothing"; @out >= 320 bytes. */
void pp_page_state_text(uint32_t state, char *out, size_t size);
/** pp_page_state_value - the text back; false: not the words of this table, or one twice. */
bool pp_page_state_value(const char *text, size_t len, uint32_t *state);

#endif
