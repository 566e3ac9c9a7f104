/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy table against the atlases recorded on two stock kernels, cell by cell. */
#include "unit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ledger.h"
#include "core/policy.h"

#define COLUMNS     (PP_POLICY_URING + 1)
#define ALL_COLUMNS ((1u << COLUMNS) - 1)
#define COLUMN(c)   (1u << (c))

static const struct {
	const char *path;
	enum pp_era era;
} atlases[] = {
	{ "tests/golden/atlas/policy-matrix.61.txt", PP_ERA_5_6 },
	{ "tests/golden/atlas/policy-matrix.612.txt", PP_ERA_6_5 },
};

/* The label of a recorded line, and the row of the table that covers it. */
struct label {
	const char *label, *row;
	unsigned columns; /* 0: all */
};

static const struct label labels[] = {
	{ "anon rw", "anon-private-rw", 0 },
	{ "anon shared rw", "anon-shared-rw", 0 },
	{ "anon ro untouched", "anon-ro", 0 },
	{ "anon ro touched", "anon-ro", 0 },
	{ "anon PROT_NONE untouched", "anon-none", 0 },
	{ "anon PROT_NONE touched", "anon-none", 0 },
	/* The recorder tried 0, LW, LW|RW, RR on one mapping: RR met pages that LW had faulted in.
	 */
	{ "anon PROT_WRITE only", "anon-wo", ALL_COLUMNS & ~COLUMN(PP_POLICY_RR) },
	{ "anon PROT_WRITE only", "anon-wo-touched", COLUMN(PP_POLICY_RR) },
	{ "anon THP 2M", "anon-thp", 0 },
	{ "hugetlb private rw", "hugetlb-private-rw", 0 },
	{ "hugetlb shared rw", "hugetlb-shared-rw", 0 },
	{ "hugetlb private ro", "hugetlb-private-ro", 0 },
	{ "memfd shared rw", "memfd-shared-rw", 0 },
	{ "memfd shared ro", "memfd-shared-ro", 0 },
	{ "memfd private rw", "memfd-private-rw", 0 },
	{ "memfd_secret touched", "secretmem", 0 },
	{ "blockdev shared rw", "blockdev-shared-rw", 0 },
	{ "ext4 beyond EOF page", "ext4-beyond-eof", 0 },
	{ "ext4 straddling EOF", "ext4-straddle-eof", 0 },
	{ "memfd straddling EOF", "memfd-straddle-eof", 0 },
	{ "devdax shared rw 2M", "devdax-shared-rw", 0 },
	{ "devdax shared ro 2M", "devdax-shared-ro", 0 },
	{ "pfnmap pci resource0", "pfnmap", 0 },
	{ "vdso", "vdso", 0 },
	{ "vvar", "vvar", 0 },
	{ "unmapped", "unmapped", 0 },
	{ "kernel addr", "kernel-address", 0 },
};

/* "ext4 shared ro (fd ro)": the recorder's filesystems and what follows them. */
static const struct {
	const char *name, *backing;
	bool dax;
} filesystems[] = {
	{ "tmpfs", "tmpfs", false },     { "ext4", "ext4", false },
	{ "xfs", "xfs", false },         { "btrfs", "btrfs", false },
	{ "vfat", "vfat", false },       { "ext4dax", "fsdax-ext4", true },
	{ "xfsdax", "fsdax-xfs", true },
};
static const struct {
	const char *label, *row, *dax_row;
} kinds[] = {
	{ "shared rw", "-shared-rw", "-shared-rw" },
	{ "shared ro (fd rw)", "-shared-ro", "-shared-ro" },
	{ "shared ro (fd ro)", "-shared-ro-fdro", "-shared-ro" },
	{ "private rw", "-private-rw", "-private-rw" },
	{ "private ro", "-private-ro", "-private-ro" },
	{ "PROT_NONE shared", "-none", "-none" },
};

/* Cells that neither atlas shows, each with the reason why the table has them all the same. */
static const struct {
	const char *row;
	unsigned columns;
	const char *reason;
} uncovered[] = {
	{ "anon-wo", COLUMN(PP_POLICY_RR),
	  "recorded only after a write pin; decided as access 0, which is recorded" },
	{ "anon-wo-touched", ALL_COLUMNS & ~COLUMN(PP_POLICY_RR),
	  "access 0 is decided as REMOTE_READ; write pins do not look at VM_READ" },
	{ "memfd-private-ro", ALL_COLUMNS,
	  "decided as tmpfs-private-ro; seen by mr-policy/memfd-private-ro on 6.1 and 6.12" },
	{ "fsdax-ext4-private-rw", COLUMN(PP_POLICY_URING),
	  "recorded after other uses had touched a part: EFAULT in 6.12; seen by mr-policy" },
	{ "fsdax-xfs-private-rw", COLUMN(PP_POLICY_URING), "the same" },
	{ "memfd-beyond-eof", ALL_COLUMNS,
	  "decided as ext4-beyond-eof; seen by mr-policy/memfd-beyond-eof on 6.1 and 6.12" },
};

struct seen {
	unsigned columns[128]; /* by row: columns that a line covered */
	size_t lines, other_lines, cells, wrong, unknown;
};

static unsigned reasoned(const char *name)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(uncovered); i++)
		if (strcmp(uncovered[i].row, name) == 0)
			return uncovered[i].columns;
	return 0;
}

static int find_row(const struct pp_policy_row *rows, const char *name)
{
	for (size_t i = 0; i < pp_policy_n_rows; i++)
		if (strcmp(rows[i].name, name) == 0)
			return (int)i;
	return -1;
}

static int column_value(const char *line, const char *key)
{
	char word[24] = "";
	const char *at = strstr(line, key);

	if (!at || sscanf(at + strlen(key), "%23[A-Z]", word) != 1)
		return -2;
	return strcmp(word, "OK") == 0 ? 0 : pp_errno_value(word);
}

static short *cell_of(struct pp_policy_row *row, enum pp_era era, int column)
{
	return column == PP_POLICY_URING ? &row->uring[era] : &row->expect[era][column];
}

static void compare_row(struct pp_policy_row *rows, const char *name, unsigned columns,
			const char *line, enum pp_era era, struct seen *seen)
{
	static const char *const keys[COLUMNS] = { " 0=",     " RR=", " LW=",
						   " LW|RW=", " OD=", " uring=" };
	int row = find_row(rows, name);

	if (row < 0) {
		seen->unknown++;
		return;
	}
	for (int c = 0; c < COLUMNS; c++) {
		if (columns && !(columns & COLUMN(c)))
			continue;
		seen->columns[row] |= COLUMN(c);
		seen->cells++;
		seen->wrong += *cell_of(&rows[row], era, c) != column_value(line, keys[c]);
	}
}

static size_t compare_file_line(struct pp_policy_row *rows, const char *label, const char *line,
				enum pp_era era, struct seen *seen)
{
	for (size_t f = 0; f < PP_ARRAY_LEN(filesystems); f++) {
		size_t len = strlen(filesystems[f].name);

		if (strncmp(label, filesystems[f].name, len) != 0 || label[len] != ' ')
			continue;
		for (size_t k = 0; k < PP_ARRAY_LEN(kinds); k++) {
			char name[64];

			if (strcmp(label + len + 1, kinds[k].label) != 0)
				continue;
			snprintf(name, sizeof(name), "%s%s", filesystems[f].backing,
				 filesystems[f].dax ? kinds[k].dax_row : kinds[k].row);
			compare_row(rows, name, ALL_COLUMNS & ~reasoned(name), line, era, seen);
			return 1;
		}
	}
	return 0;
}

static void compare_line(struct pp_policy_row *rows, const char *line, enum pp_era era,
			 struct seen *seen)
{
	char label[64] = "";
	const char *end = strstr(line, " 0=");
	size_t known = 0, len;

	if (strncmp(line, "REG ", 4) != 0 || !end) {
		seen->other_lines++;
		return;
	}
	len = (size_t)(end - line) - 4;
	while (len && line[4 + len - 1] == ' ')
		len--;
	snprintf(label, sizeof(label), "%.*s", (int)len, line + 4);
	for (size_t i = 0; i < PP_ARRAY_LEN(labels); i++)
		if (strcmp(labels[i].label, label) == 0) {
			compare_row(rows, labels[i].row, labels[i].columns, line, era, seen);
			known++;
		}
	if (!known)
		known = compare_file_line(rows, label, line, era, seen);
	seen->lines++;
	seen->unknown += known == 0;
}

static void compare(struct pp_policy_row *rows, const char *text, enum pp_era era,
		    struct seen *seen)
{
	while (*text) {
		char line[512];
		size_t len = strcspn(text, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		compare_line(rows, line, era, seen);
		text += len + (text[len] == '\n');
	}
}

static struct pp_policy_row *copy_of_rows(void)
{
	struct pp_policy_row *rows = malloc(pp_policy_n_rows * sizeof(*rows));

	CU_ASSERT_PTR_NOT_NULL_FATAL(rows);
	memcpy(rows, pp_policy_rows, pp_policy_n_rows * sizeof(*rows));
	return rows;
}

static void atlas_agrees(void)
{
	struct pp_policy_row *rows = copy_of_rows();

	for (size_t a = 0; a < PP_ARRAY_LEN(atlases); a++) {
		struct seen seen = { 0 };
		char *text = pp_unit_read(atlases[a].path, NULL);

		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		compare(rows, text, atlases[a].era, &seen);
		CU_ASSERT_EQUAL(seen.wrong, 0);
		CU_ASSERT_EQUAL(seen.unknown, 0);
		CU_ASSERT_EQUAL(seen.lines, 68);
		CU_ASSERT_EQUAL(seen.cells, 68 * COLUMNS - 2);
		CU_ASSERT_EQUAL(seen.other_lines, 6); /* flag combinations, not mappings */
		for (size_t i = 0; i < pp_policy_n_rows; i++)
			CU_ASSERT_EQUAL(seen.columns[i],
					ALL_COLUMNS & ~reasoned(pp_policy_rows[i].name));
		free(text);
	}
	free(rows);
}

/* Every cell that an atlas covers is really compared: a wrong expectation turns the test red. */
static void flips_are_seen(void)
{
	struct pp_policy_row *rows = copy_of_rows();

	for (size_t a = 0; a < PP_ARRAY_LEN(atlases); a++) {
		char *text = pp_unit_read(atlases[a].path, NULL);

		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		for (size_t i = 0; i < pp_policy_n_rows; i++)
			for (int c = 0; c < COLUMNS; c++) {
				short *cell = cell_of(&rows[i], atlases[a].era, c);
				short saved = *cell;
				struct seen seen = { 0 };

				*cell = saved == 0 ? EFAULT : 0;
				compare(rows, text, atlases[a].era, &seen);
				CU_ASSERT_EQUAL(seen.wrong > 0,
						!(reasoned(rows[i].name) & COLUMN(c)));
				*cell = saved;
			}
		free(text);
	}
	free(rows);
}

/* 6.2-6.4 was never recorded: reads are decided as in 6.5, writes as in 5.6, OD is not judged. */
static void derived_era(void)
{
	for (size_t i = 0; i < pp_policy_n_rows; i++) {
		const struct pp_policy_row *r = &pp_policy_rows[i];

		for (int c = PP_POLICY_NONE; c <= PP_POLICY_RR; c++)
			CU_ASSERT_EQUAL(r->expect[PP_ERA_6_2][c], r->expect[PP_ERA_6_5][c]);
		for (int c = PP_POLICY_LW; c <= PP_POLICY_LW_RW; c++)
			CU_ASSERT_EQUAL(r->expect[PP_ERA_6_2][c], r->expect[PP_ERA_5_6][c]);
		CU_ASSERT_EQUAL(r->expect[PP_ERA_6_2][PP_POLICY_OD], PP_POLICY_NOT_JUDGED);
		CU_ASSERT_EQUAL(r->uring[PP_ERA_6_2], PP_POLICY_NOT_JUDGED);
		/* A known hole is exactly a mapping that 6.5 began to refuse writable pins of. */
		CU_ASSERT_EQUAL(r->defect_if_written, r->expect[PP_ERA_5_6][PP_POLICY_LW] == 0 &&
							      r->expect[PP_ERA_6_5][PP_POLICY_LW]);
	}
}

static void sprintf_end(char *text, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void sprintf_end(char *text, size_t size, const char *fmt, ...)
{
	size_t len = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + len, size - len, fmt, ap);
	va_end(ap);
}

static struct pp_plan *plan_of_row(const struct pp_policy_row *row, enum pp_backing backing)
{
	const struct pp_backing_info *info = &pp_backings[backing];
	struct pp_plan *plan = NULL;
	struct pp_err err = { "" };
	char text[1024];

	snprintf(text, sizeof(text),
		 "pinproof-plan %d\ncase mr-policy/%s/rxe-mr\nbacking %s\npinner rxe-mr\nseed 1\n"
		 "rules O8\nbound 10s\n",
		 PP_PLAN_VERSION, row->name, row->name);
	if (info->needs_fs)
		sprintf_end(text, sizeof(text), "fs f type=%s%s\n", info->fs_type,
			    strcmp(info->fs_type, "tmpfs") ? " slot=disk0" : "");
	sprintf_end(text, sizeof(text), "region r %s size=2M%s%s\n", row->region,
		    info->needs_fs ? " fs=f" : "", info->needs_disk ? " slot=disk1" : "");
	if (pp_plan_parse(text, strlen(text), &plan, &err))
		fprintf(stderr, "%s: %s\n%s", row->name, err.text, text);
	return plan;
}

/* The region words of a row are plan language, and the row is the one found for that region. */
static void rows_are_plan_language(void)
{
	for (size_t i = 0; i < pp_policy_n_rows; i++) {
		const struct pp_policy_row *row = &pp_policy_rows[i];
		struct pp_plan *plan = NULL;

		for (int b = 0; b < PP_BACKING_COUNT; b++) {
			size_t len = strlen(pp_backings[b].name);
			const char *word = row->region + strlen("backing=");

			if (strncmp(word, pp_backings[b].name, len) == 0 && strchr(" ", word[len]))
				plan = plan_of_row(row, (enum pp_backing)b);
		}
		CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
		CU_ASSERT_PTR_EQUAL(pp_policy_find(&plan->regions[0]), row);
		for (int c = 0; c < PP_POLICY_ACCESS_COUNT; c++)
			CU_ASSERT_EQUAL(pp_policy_expect(&plan->regions[0],
							 pp_policy_access_masks[c], PP_ERA_6_5),
					row->expect[PP_ERA_6_5][c]);
		pp_plan_free(plan);
	}
}

static void names_are_unique(void)
{
	for (size_t i = 0; i < pp_policy_n_rows; i++) {
		CU_ASSERT_EQUAL(find_row(pp_policy_rows, pp_policy_rows[i].name), (int)i);
		CU_ASSERT(strlen(pp_policy_rows[i].name) < PP_NAME_MAX);
		CU_ASSERT(strlen(pp_policy_rows[i].why) > 0);
	}
}

static const struct pp_region_def ext4_rw = {
	.backing = PP_BACKING_EXT4,
	.share = PP_SHARED,
	.prot = PP_PROT_R | PP_PROT_W,
	.populate = true,
};

static void find_by_region(void)
{
	struct pp_region_def r = ext4_rw;

	PP_ASSERT_STR(pp_policy_find(&r)->name, "ext4-shared-rw");
	r.populate = false; /* does not matter here */
	PP_ASSERT_STR(pp_policy_find(&r)->name, "ext4-shared-rw");
	r.prot = PP_PROT_R;
	PP_ASSERT_STR(pp_policy_find(&r)->name, "ext4-shared-ro");
	r.fd_readonly = true;
	PP_ASSERT_STR(pp_policy_find(&r)->name, "ext4-shared-ro-fdro");
	r.share = PP_PRIVATE; /* no row of its own for fd=ro: the other one covers it */
	PP_ASSERT_STR(pp_policy_find(&r)->name, "ext4-private-ro");
	r.eof = PP_EOF_BEYOND;
	CU_ASSERT_PTR_NULL(pp_policy_find(&r));
	r = (struct pp_region_def){ .backing = PP_BACKING_FSDAX_XFS,
				    .share = PP_PRIVATE,
				    .prot = PP_PROT_R | PP_PROT_W };
	PP_ASSERT_STR(pp_policy_find(&r)->name, "fsdax-xfs-private-rw");
	r.populate = true; /* pages are anonymous then: outside the table */
	CU_ASSERT_PTR_NULL(pp_policy_find(&r));
	r = (struct pp_region_def){ .backing = PP_BACKING_VVAR, .prot = PP_PROT_R };
	PP_ASSERT_STR(pp_policy_find(&r)->name, "vvar");
}

static void expectations(void)
{
	const unsigned lw = PP_ACCESS_LW, od = PP_ACCESS_LW | PP_ACCESS_OD;
	struct pp_region_def none = ext4_rw;

	CU_ASSERT_EQUAL(pp_policy_expect(&ext4_rw, lw, PP_ERA_5_6), 0);
	CU_ASSERT_EQUAL(pp_policy_expect(&ext4_rw, lw, PP_ERA_6_2), 0);
	CU_ASSERT_EQUAL(pp_policy_expect(&ext4_rw, lw, PP_ERA_6_5), EFAULT);
	CU_ASSERT_EQUAL(pp_policy_expect(&ext4_rw, lw, PP_ERA_UNKNOWN), PP_POLICY_NOT_JUDGED);
	CU_ASSERT_EQUAL(pp_policy_expect(&ext4_rw, PP_ACCESS_RA, PP_ERA_6_5), PP_POLICY_NOT_JUDGED);
	none.eof = PP_EOF_BEYOND;
	none.share = PP_PRIVATE;
	CU_ASSERT_EQUAL(pp_policy_expect(&none, lw, PP_ERA_6_5), PP_POLICY_NOT_JUDGED);

	CU_ASSERT_EQUAL(pp_policy_expect(&ext4_rw, od, PP_ERA_5_6), EINVAL);
	CU_ASSERT_EQUAL(pp_policy_expect(&ext4_rw, od, PP_ERA_6_2), PP_POLICY_NOT_JUDGED);
	CU_ASSERT_EQUAL(pp_policy_expect(&ext4_rw, od, PP_ERA_6_5), EOPNOTSUPP);
}

/* A registered buffer has a column of its own, whatever its access= says. */
static void registered_buffers(void)
{
	const struct pp_policy_row *row = pp_policy_find(&ext4_rw);
	struct pp_mr_def mr = { .kind = PP_MR_URING, .length_bytes = 4096 };

	CU_ASSERT_EQUAL(pp_policy_mr_column(&mr), PP_POLICY_URING);
	CU_ASSERT_EQUAL(pp_policy_expect_mr(&ext4_rw, &mr, PP_ERA_5_6), EOPNOTSUPP);
	CU_ASSERT_EQUAL(pp_policy_expect_mr(&ext4_rw, &mr, PP_ERA_6_2), PP_POLICY_NOT_JUDGED);
	CU_ASSERT_EQUAL(pp_policy_expect_mr(&ext4_rw, &mr, PP_ERA_6_5), EFAULT);
	CU_ASSERT_EQUAL(pp_policy_expect_mr(&ext4_rw, &mr, PP_ERA_UNKNOWN), PP_POLICY_NOT_JUDGED);
	CU_ASSERT_EQUAL(pp_policy_eras(row, PP_POLICY_URING, EOPNOTSUPP), 1u << PP_ERA_5_6);
	mr.kind = PP_MR_RXE;
	mr.access = PP_ACCESS_LW;
	CU_ASSERT_EQUAL(pp_policy_expect_mr(&ext4_rw, &mr, PP_ERA_5_6), 0);
	mr.access = PP_ACCESS_RA;
	CU_ASSERT_EQUAL(pp_policy_mr_column(&mr), -1);
	CU_ASSERT_EQUAL(pp_policy_eras(row, -1, 0), 0);
}

/* What a registration adds to the accounts. */
static const struct pins_row {
	enum pp_mr_kind kind;
	enum pp_backing backing;
	unsigned access;
	uint64_t offset, length;
	enum pp_era era;
	int64_t counted, vmpin;
} pins_rows[] = {
	/* clang-format off */
	{ PP_MR_RXE,   PP_BACKING_EXT4,     PP_ACCESS_LW, 0,        65536,    PP_ERA_6_5, 16,  16 },
	{ PP_MR_RXE,   PP_BACKING_EXT4,     PP_ACCESS_LW, 100,      4096,     PP_ERA_5_6, 2,   2 },
	{ PP_MR_RXE,   PP_BACKING_ANON,     PP_ACCESS_OD, 0,        65536,    PP_ERA_6_5, 0,   0 },
	{ PP_MR_RXE,   PP_BACKING_HUGETLB,  PP_ACCESS_LW, 0,        2 << 20,  PP_ERA_6_5, 512, 512 },
	{ PP_MR_URING, PP_BACKING_ANON,     0,            4000,     200,      PP_ERA_6_5, 2,   2 },
	{ PP_MR_URING, PP_BACKING_ANON_THP, 0,            0,        2 << 20,  PP_ERA_6_5, 1,   512 },
	{ PP_MR_URING, PP_BACKING_ANON_THP, 0,            0,        2 << 20,  PP_ERA_5_6, 512, 512 },
	{ PP_MR_URING, PP_BACKING_HUGETLB,  0,            0,        65536,    PP_ERA_5_6, 16,  512 },
	{ PP_MR_URING, PP_BACKING_HUGETLB,  0,            2093056,  8192,     PP_ERA_6_5, 2,   1024 },
	{ PP_MR_URING, PP_BACKING_DEVDAX,   0,            0,        65536,    PP_ERA_6_5, 1,   512 },
	/* clang-format on */
};

static void pins_of_a_registration(void)
{
	struct pp_region_def region = ext4_rw;
	struct pp_plan plan = { .regions = &region, .n_regions = 1 };

	for (size_t i = 0; i < PP_ARRAY_LEN(pins_rows); i++) {
		const struct pins_row *r = &pins_rows[i];
		struct pp_mr_def mr = { .kind = r->kind,
					.access = r->access,
					.offset_bytes = r->offset,
					.length_bytes = r->length };
		struct pp_pinned pins;

		region.backing = r->backing;
		pins = pp_ledger_pinned(&plan, &mr, r->era);
		CU_ASSERT_EQUAL(pins.counted_pages, r->counted);
		CU_ASSERT_EQUAL(pins.charged_pages, r->vmpin);
	}
}

static void eras_of_a_result(void)
{
	const struct pp_policy_row *row = pp_policy_find(&ext4_rw);

	CU_ASSERT_EQUAL(pp_policy_eras(row, PP_POLICY_LW, 0), 1u << PP_ERA_5_6 | 1u << PP_ERA_6_2);
	CU_ASSERT_EQUAL(pp_policy_eras(row, PP_POLICY_LW, EFAULT), 1u << PP_ERA_6_5);
	CU_ASSERT_EQUAL(pp_policy_eras(row, PP_POLICY_LW, EPERM), 0);
	CU_ASSERT_EQUAL(pp_policy_eras(row, PP_POLICY_OD, EINVAL), 1u << PP_ERA_5_6);
}

static void columns(void)
{
	for (int c = 0; c < PP_POLICY_ACCESS_COUNT; c++)
		CU_ASSERT_EQUAL(pp_policy_column(pp_policy_access_masks[c]), c);
	CU_ASSERT_EQUAL(pp_policy_column(PP_ACCESS_OD), -1);
	CU_ASSERT_EQUAL(pp_policy_column(PP_ACCESS_LW | PP_ACCESS_RA), -1);
}

static const char *cell_word(int value)
{
	return value == PP_POLICY_NOT_JUDGED ? "not judged"
	       : value == 0                  ? "OK"
					     : pp_errno_name(value);
}

/* docs/policy.md has this very table. */
static void document_agrees(void)
{
	char *doc = pp_unit_read("docs/policy.md", NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	for (size_t i = 0; i < pp_policy_n_rows; i++) {
		const struct pp_policy_row *row = &pp_policy_rows[i];
		char line[1024];

		snprintf(line, sizeof(line), "| `%s` |", row->name);
		for (int era = 0; era < PP_ERA_COUNT; era++)
			sprintf_end(line, sizeof(line), " %s | %s |",
				    cell_word(row->expect[era][PP_POLICY_NONE]),
				    cell_word(row->expect[era][PP_POLICY_LW]));
		sprintf_end(line, sizeof(line), " %s | %s | `%s` | %s |\n",
			    cell_word(row->uring[PP_ERA_5_6]), cell_word(row->uring[PP_ERA_6_5]),
			    row->region, row->why);
		if (!strstr(doc, line))
			fprintf(stderr, "docs/policy.md lacks: %s", line);
		CU_ASSERT_PTR_NOT_NULL(strstr(doc, line));
	}
	free(doc);
}

static const struct pp_unit_case cases[] = {
	{ "the recorded atlases agree with the table", atlas_agrees },
	{ "a flipped expectation is seen", flips_are_seen },
	{ "the era that was not recorded follows from the deciders", derived_era },
	{ "the rows' region words are plan language", rows_are_plan_language },
	{ "row names are unique", names_are_unique },
	{ "rows are found by region", find_by_region },
	{ "expectations by access and era", expectations },
	{ "eras that explain a result", eras_of_a_result },
	{ "columns of access masks", columns },
	{ "registered buffers have a column", registered_buffers },
	{ "pins of a registration", pins_of_a_registration },
	{ "docs/policy.md has the table", document_agrees },
};
PP_UNIT_MAIN("policy", cases)
