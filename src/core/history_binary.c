/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The history's binary form: header, events, raw cells, and a CRC for each MiB of these. */
#include "core/history.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (1u << 20)

static const char magic[8] = { 'P', 'P', 'H', 'I', 'S', 'T', '\r', '\n' };

/* Little-endian on disk; header_crc covers the bytes before it. */
struct file_header {
	char magic[8];
	uint32_t version;
	uint32_t header_bytes, event_bytes, cell_bytes, block_bytes;
	uint32_t plan_crc;
	uint64_t run;
	uint64_t start_realtime_ns;
	uint64_t n_events, n_cells;
	uint32_t reserved; /* 0 */
	uint32_t header_crc;
};
_Static_assert(sizeof(struct file_header) == 72, "no padding; events stay aligned to 8 bytes");

/* Where everything lies, in bytes from the start of the image. */
struct layout {
	size_t events, cells, crcs, total;
	size_t n_crcs;
};

/* Between memory and disk, either way. Compiles to nothing on little-endian machines. */
static void swap_header(struct file_header *f)
{
	f->version = htole32(f->version);
	f->header_bytes = htole32(f->header_bytes);
	f->event_bytes = htole32(f->event_bytes);
	f->cell_bytes = htole32(f->cell_bytes);
	f->block_bytes = htole32(f->block_bytes);
	f->plan_crc = htole32(f->plan_crc);
	f->run = htole64(f->run);
	f->start_realtime_ns = htole64(f->start_realtime_ns);
	f->n_events = htole64(f->n_events);
	f->n_cells = htole64(f->n_cells);
	f->reserved = htole32(f->reserved);
	f->header_crc = htole32(f->header_crc);
}

static void swap_event(struct pp_event *e)
{
	e->begin_ns = htole64(e->begin_ns);
	e->end_ns = htole64(e->end_ns);
	e->offset_bytes = htole64(e->offset_bytes);
	e->length_bytes = htole32(e->length_bytes);
	e->op = htole32(e->op);
	e->gen = htole32(e->gen);
	e->result = (int32_t)htole32((uint32_t)e->result);
	e->writer = htole16(e->writer);
	e->object = htole16(e->object);
}

static void swap_events(struct pp_event *events, size_t count)
{
	if (htole16(1) == 1)
		return;
	for (size_t i = 0; i < count; i++)
		swap_event(&events[i]);
}

/* False if the numbers do not fit into an image of at most @limit bytes. */
static bool lay_out(uint64_t n_events, uint64_t n_cells, size_t limit, struct layout *l)
{
	size_t body;

	if (n_events > limit / sizeof(struct pp_event) || n_cells > limit / PP_CELL_BYTES)
		return false;
	l->events = sizeof(struct file_header);
	if (__builtin_add_overflow(l->events, n_events * sizeof(struct pp_event), &l->cells) ||
	    __builtin_add_overflow(l->cells, n_cells * PP_CELL_BYTES, &l->crcs))
		return false;
	body = l->crcs - l->events;
	l->n_crcs = body / BLOCK_BYTES + !!(body % BLOCK_BYTES);
	return !__builtin_add_overflow(l->crcs, l->n_crcs * sizeof(uint32_t), &l->total);
}

/* CRC of block @i of the body. */
static uint32_t block_crc(const unsigned char *image, const struct layout *l, size_t i)
{
	size_t start = l->events + i * BLOCK_BYTES;
	size_t left = l->crcs - start;

	return pp_crc32c(0, image + start, left < BLOCK_BYTES ? left : BLOCK_BYTES);
}

void *pp_history_encode(const struct pp_history *h, size_t *len)
{
	struct file_header head = {
		.version = PP_HISTORY_VERSION,
		.header_bytes = sizeof(head),
		.event_bytes = sizeof(struct pp_event),
		.cell_bytes = PP_CELL_BYTES,
		.block_bytes = BLOCK_BYTES,
		.plan_crc = h->plan_crc,
		.run = h->run,
		.start_realtime_ns = h->start_realtime_ns,
		.n_events = h->n_events,
		.n_cells = h->n_cells,
	};
	unsigned char *image;
	struct layout l;

	if (!lay_out(h->n_events, h->n_cells, SIZE_MAX, &l))
		return NULL;
	image = malloc(l.total);
	if (!image)
		return NULL;
	memcpy(head.magic, magic, sizeof(magic));
	swap_header(&head);
	head.header_crc = htole32(pp_crc32c(0, &head, offsetof(struct file_header, header_crc)));
	memcpy(image, &head, sizeof(head));
	if (h->n_events)
		memcpy(image + l.events, h->events, h->n_events * sizeof(struct pp_event));
	/* The header is a multiple of 8 bytes and malloc aligns: the events are aligned here. */
	swap_events((struct pp_event *)(void *)(image + l.events), h->n_events);
	if (h->n_cells)
		memcpy(image + l.cells, h->cells, h->n_cells * PP_CELL_BYTES);
	for (size_t i = 0; i < l.n_crcs; i++) {
		uint32_t crc = htole32(block_crc(image, &l, i));

		memcpy(image + l.crcs + i * sizeof(crc), &crc, sizeof(crc));
	}
	*len = l.total;
	return image;
}

static int bad_byte(struct pp_err *err, size_t at, const char *why)
{
	return pp_err_set(err, -EINVAL, "Byte %zu of the history: %s.", at, why);
}

/* The fixed sizes that this version knows. */
static int check_sizes(const struct file_header *head, struct pp_err *err)
{
	/* clang-format off */
	const struct {
		uint32_t found, known;
		size_t at;
		const char *why;
	} sizes[] = {
		{ head->header_bytes, sizeof(*head), offsetof(struct file_header, header_bytes),
		  "the header has another size than this version says" },
		{ head->event_bytes, sizeof(struct pp_event), offsetof(struct file_header, event_bytes),
		  "an event has another size than this version says" },
		{ head->cell_bytes, PP_CELL_BYTES, offsetof(struct file_header, cell_bytes),
		  "a raw cell has another size than this version says" },
		{ head->block_bytes, BLOCK_BYTES, offsetof(struct file_header, block_bytes),
		  "a CRC block has another size than this version says" },
		{ head->reserved, 0, offsetof(struct file_header, reserved),
		  "a reserved field is not 0" },
	};
	/* clang-format on */

	for (size_t i = 0; i < PP_ARRAY_LEN(sizes); i++)
		if (sizes[i].found != sizes[i].known)
			return bad_byte(err, sizes[i].at, sizes[i].why);
	return 0;
}

/* Magic first, then version, so that a newer file is called newer and not damaged. */
static int decode_header(const unsigned char *data, size_t len, struct file_header *head,
			 struct pp_err *err)
{
	uint32_t crc;
	int ret;

	for (size_t i = 0; i < sizeof(magic); i++)
		if (i >= len || data[i] != (unsigned char)magic[i])
			return bad_byte(err, i, "this is not a pinproof history (bad magic)");
	if (len < sizeof(*head))
		return bad_byte(err, len, "the file ends inside the header");
	memcpy(head, data, sizeof(*head));
	crc = pp_crc32c(0, head, offsetof(struct file_header, header_crc));
	swap_header(head);
	if (head->version != PP_HISTORY_VERSION)
		return pp_err_set(
			err, -EPROTO,
			"Byte %zu of the history: version %" PRIu32
			" is not version %u, the only one this program reads: each has "
			"its own numbers for operations; take the pinproof that wrote it, "
			"to judge it or to print it as text.",
			offsetof(struct file_header, version), head->version, PP_HISTORY_VERSION);
	if (head->header_crc != crc)
		return bad_byte(err, offsetof(struct file_header, header_crc),
				"the header does not match its CRC");
	ret = check_sizes(head, err);
	if (ret)
		return ret;
	if (head->n_cells >= PP_NO_CELL)
		return bad_byte(err, offsetof(struct file_header, n_cells), "too many raw cells");
	return 0;
}

static int check_crcs(const unsigned char *data, const struct layout *l, struct pp_err *err)
{
	for (size_t i = 0; i < l->n_crcs; i++) {
		uint32_t crc;

		memcpy(&crc, data + l->crcs + i * sizeof(crc), sizeof(crc));
		if (le32toh(crc) != block_crc(data, l, i))
			return pp_err_set(
				err, -EINVAL,
				"Byte %zu of the history: this block does not match its CRC.",
				l->events + i * BLOCK_BYTES);
	}
	return 0;
}

/* Where in an event the field lies that pp_event_fault() found wrong. */
static const size_t part_offsets[PP_PART_COUNT] = {
	[PP_PART_BEGIN] = offsetof(struct pp_event, begin_ns),
	[PP_PART_END] = offsetof(struct pp_event, end_ns),
	[PP_PART_OFFSET] = offsetof(struct pp_event, offset_bytes),
	[PP_PART_OP] = offsetof(struct pp_event, op),
	[PP_PART_GEN] = offsetof(struct pp_event, gen),
	[PP_PART_RESULT] = offsetof(struct pp_event, result),
	[PP_PART_WRITER] = offsetof(struct pp_event, writer),
	[PP_PART_OBJECT] = offsetof(struct pp_event, object),
	[PP_PART_ACTOR] = offsetof(struct pp_event, actor),
	[PP_PART_VERB] = offsetof(struct pp_event, verb),
	[PP_PART_SEEN] = offsetof(struct pp_event, seen),
	[PP_PART_FLAGS] = offsetof(struct pp_event, flags),
};

static int check_events(const struct pp_history *h, struct pp_err *err)
{
	for (size_t i = 0; i < h->n_events; i++) {
		const struct pp_event *e = &h->events[i];
		enum pp_event_part part;
		const char *why;

		if (i && e->begin_ns < e[-1].begin_ns) {
			part = PP_PART_BEGIN;
			why = "begins before the event in front of it";
		} else {
			part = pp_event_fault(e, h->n_cells, NULL, &why);
		}
		if (part)
			return pp_err_set(err, -EINVAL,
					  "Byte %zu of the history: event %zu (op %" PRIu32 ") %s.",
					  sizeof(struct file_header) + i * sizeof(*e) +
						  part_offsets[part],
					  i, e->op, why);
	}
	return 0;
}

static int copy_body(const unsigned char *data, const struct layout *l, struct pp_history *out,
		     struct pp_err *err)
{
	out->events = malloc(l->cells - l->events + 1);
	out->cells = malloc(l->crcs - l->cells + 1);
	if (!out->events || !out->cells)
		return pp_err_set(err, -ENOMEM, "No memory for %zu events", out->n_events);
	memcpy(out->events, data + l->events, l->cells - l->events);
	memcpy(out->cells, data + l->cells, l->crcs - l->cells);
	swap_events(out->events, out->n_events);
	return check_events(out, err);
}

int pp_history_decode(const void *data, size_t len, struct pp_history *out, struct pp_err *err)
{
	struct file_header head;
	struct layout l;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = decode_header(data, len, &head, err);
	if (ret)
		return ret;
	if (!lay_out(head.n_events, head.n_cells, len, &l) || l.total > len)
		return bad_byte(err, len, "the file ends before its last event, cell or CRC");
	if (l.total < len)
		return bad_byte(err, l.total, "there are bytes after the end");
	ret = check_crcs(data, &l, err);
	if (ret)
		return ret;
	out->run = head.run;
	out->plan_crc = head.plan_crc;
	out->start_realtime_ns = head.start_realtime_ns;
	out->n_events = head.n_events;
	out->n_cells = head.n_cells;
	ret = copy_body(data, &l, out, err);
	if (ret)
		pp_history_free(out);
	return ret;
}
