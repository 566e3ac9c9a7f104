/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How each verb of a plan looks in an exported program. */
#include <inttypes.h>
#include <string.h>

#include "core/export_private.h"

const char *pp_export_ident(const char *name, char out[PP_NAME_MAX])
{
	size_t i = 0;

	for (; i < PP_NAME_MAX - 1 && name[i]; i++)
		out[i] =
			(name[i] >= '0' && name[i] <= '9') || (name[i] | 32) >= 'a' ? name[i] : '_';
	out[i] = '\0';
	return out;
}

void pp_export_names(const struct pp_plan *p, const struct pp_op *op, struct names *n)
{
	uint16_t region = pp_plan_op_region(p, op), fs = PP_NO_INDEX;

	memset(n, 0, sizeof(*n));
	if (region != PP_NO_INDEX) {
		uint16_t owner = p->regions[region].of;

		pp_export_ident(p->regions[region].name, n->region);
		pp_export_ident(p->regions[owner == PP_NO_INDEX ? region : owner].name, n->file);
		fs = p->regions[region].fs;
	}
	if (pp_verbs[op->verb].target == PP_TARGET_MR)
		pp_export_ident(p->mrs[op->object].name, n->mr);
	if (pp_verbs[op->verb].target == PP_TARGET_FS)
		fs = op->object;
	if (fs != PP_NO_INDEX) {
		pp_export_ident(p->fs[fs].name, n->fs);
		pp_export_ident(p->fs[fs].slot, n->slot);
	}
	pp_export_ident(op->via, n->via);
}

static void mkfs(struct exporter *e, const struct emit *m)
{
	const struct pp_fs_def *fs = &e->p->fs[m->op->object];
	const char *force = !strcmp(fs->type, "ext4") ? "-q -F" : "-q -f";

	if (!fs->slot[0])
		return;
	fprintf(e->f, "\tcheck_blank(%s);\n\tcommand(\"mkfs.%s %s", m->n.slot, fs->type, force);
	if (fs->block_bytes)
		fprintf(e->f, " -b %s%" PRIu32, !strcmp(fs->type, "xfs") ? "size=" : "",
			fs->block_bytes);
	fprintf(e->f, " %s %%s%%s\", %s, \"\");\n", fs->mkfs, m->n.slot);
}

bool pp_export_own_file(const struct pp_plan *p, size_t region)
{
	const struct pp_region_def *r = &p->regions[region];

	return r->of == PP_NO_INDEX && pp_backings[r->backing].has_file;
}

void pp_export_memfds(struct exporter *e)
{
	char name[PP_NAME_MAX];

	for (size_t i = 0; i < e->p->n_regions; i++) {
		if (e->p->regions[i].backing != PP_BACKING_MEMFD || !pp_export_own_file(e->p, i))
			continue;
		pp_export_ident(e->p->regions[i].name, name);
		fprintf(e->f,
			"\t%s_fd = (int)must(\"memfd_create\", memfd_create(\"%s\", "
			"MFD_ALLOW_SEALING));\n"
			"\tmust(\"ftruncate\", ftruncate(%s_fd, %s_SIZE));\n",
			name, name, name, name);
	}
}

/* Open (or close) the files on a filesystem; those that are new get their size. */
static void files_of(struct exporter *e, uint16_t fs, const char *dir, bool open, bool new)
{
	char name[PP_NAME_MAX];

	for (size_t i = 0; i < e->p->n_regions; i++) {
		if (e->p->regions[i].fs != fs || !pp_export_own_file(e->p, i))
			continue;
		pp_export_ident(e->p->regions[i].name, name);
		if (open)
			fprintf(e->f, "\t%s_fd = file_in(%s_dir, \"%s\");\n", name, dir, name);
		else
			fprintf(e->f, "\tclose(%s_fd);\n", name);
		if (open && new)
			fprintf(e->f, "\tmust(\"ftruncate\", ftruncate(%s_fd, %s_SIZE));\n", name,
				name);
	}
}

static bool first_mount(const struct exporter *e, const struct pp_op *mount)
{
	for (const struct pp_op *op = e->p->ops; op < mount; op++)
		if (op->verb == PP_VERB_MOUNT && op->object == mount->object)
			return false;
	return true;
}

static void put_mount(struct exporter *e, uint16_t index, const struct names *n)
{
	const struct pp_fs_def *fs = &e->p->fs[index];

	if (!fs->slot[0])
		fprintf(e->f, "\tcommand(\"mount -t tmpfs tmpfs %%s%%s\", %s_dir, \"\");\n", n->fs);
	else
		fprintf(e->f, "\tcommand(\"mount -t %s%s%s %%s %%s\", %s, %s_dir);\n", fs->type,
			fs->mount[0] ? " -o " : "", fs->mount, n->slot, n->fs);
}

static void mount_fs(struct exporter *e, const struct emit *m)
{
	bool new = first_mount(e, m->op);

	if (new)
		fprintf(e->f, "\tif (!mkdtemp(%s_dir))\n\t\tcannot(\"directory\");\n", m->n.fs);
	put_mount(e, m->op->object, &m->n);
	files_of(e, m->op->object, m->n.fs, true, new);
}

static void umount_fs(struct exporter *e, const struct emit *m)
{
	files_of(e, m->op->object, m->n.fs, false, false);
	fprintf(e->f, "\tcommand(\"umount %%s%%s\", %s_dir, \"\");\n", m->n.fs);
}

static void map(struct exporter *e, const struct emit *m)
{
	const struct pp_region_def *r = &e->p->regions[m->op->object];
	const char *prot = r->prot == PP_PROT_R   ? "PROT_READ"
			   : r->prot == PP_PROT_W ? "PROT_WRITE"
			   : r->prot              ? "PROT_READ | PROT_WRITE"
						  : "PROT_NONE";
	const char *share = r->share == PP_SHARED ? "MAP_SHARED" : "MAP_PRIVATE";

	fprintf(e->f, "\t%s = mmap(NULL, %s_SIZE, %s, %s%s, ", m->n.region, m->n.region, prot,
		share, pp_backings[r->backing].has_file ? "" : " | MAP_ANONYMOUS");
	if (pp_backings[r->backing].has_file)
		fprintf(e->f, "%s_fd, 0);\n", m->n.file);
	else
		fprintf(e->f, "-1, 0);\n");
	fprintf(e->f, "\tif (%s == MAP_FAILED)\n\t\tcannot(\"mmap\");\n", m->n.region);
	if (r->populate)
		fprintf(e->f, "\tmust(\"touch\", madvise(%s, %s_SIZE, %s));\n", m->n.region,
			m->n.region,
			r->prot & PP_PROT_W ? "23 /* MADV_POPULATE_WRITE */"
					    : "22 /* MADV_POPULATE_READ */");
}

static void unmap(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\tmust(\"munmap\", munmap(%s, %s_SIZE));\n", m->n.region, m->n.region);
}

/* Memory that is registered, for RDMA or with a ring: NULL and errno where that is refused. */
static void reg_call(struct exporter *e, const struct emit *m)
{
	static const char *const bits[] = { "IBV_ACCESS_LOCAL_WRITE", "IBV_ACCESS_REMOTE_WRITE",
					    "IBV_ACCESS_REMOTE_READ", "IBV_ACCESS_REMOTE_ATOMIC",
					    "IBV_ACCESS_ON_DEMAND" };
	const struct pp_mr_def *mr = &e->p->mrs[m->op->object];

	if (mr->kind == PP_MR_URING) {
		fprintf(e->f, "\t%s = buffer_register(%s + %" PRIu64 ", %" PRIu64 ");\n", m->n.mr,
			m->n.region, mr->offset_bytes, mr->length_bytes);
		return;
	}
	fprintf(e->f, "\t%s = ibv_reg_mr(pd, %s + %" PRIu64 ", %" PRIu64 ", ", m->n.mr, m->n.region,
		mr->offset_bytes, mr->length_bytes);
	for (size_t i = 0, n = 0; i < PP_ARRAY_LEN(bits); i++)
		if (mr->access & (1u << i))
			fprintf(e->f, "%s%s", n++ ? " | " : "", bits[i]);
	fprintf(e->f, "%s);\n", mr->access ? "" : "0");
}

static void reg(struct exporter *e, const struct emit *m)
{
	reg_call(e, m);
	if (m->op->id == e->x->op && e->x->cls == PP_CLASS_ACCEPTED)
		fprintf(e->f,
			"\tif (!%s) {\n\t\tprintf(\"refused: %%s: not reproduced\\n\", "
			"strerror(errno));\n\t\texit(0);\n\t}\n"
			"\tsymptom(\"%s\", \"accepted\");\n",
			m->n.mr, m->what);
	else if (m->op->id == e->x->op && e->x->cls == PP_CLASS_REFUSED)
		fprintf(e->f,
			"\tif (!%s) {\n\t\tsymptom(\"%s\", strerror(errno));\n"
			"\t\texit(REPRODUCED);\n\t}\n",
			m->n.mr, m->what);
	else
		fprintf(e->f, "\tif (!%s)\n\t\tcannot(\"registration\");\n", m->n.mr);
}

static void dereg(struct exporter *e, const struct emit *m)
{
	if (e->p->mrs[m->op->object].kind == PP_MR_URING)
		fprintf(e->f, "\tbuffer_unregister(%s);\n", m->n.mr);
	else
		fprintf(e->f, "\tif (ibv_dereg_mr(%s))\n\t\tcannot(\"ibv_dereg_mr\");\n", m->n.mr);
}

static void store(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\tfill(%s + %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %u);\n", m->n.region,
		m->at, m->at, m->length, m->op->id);
}

static void fill_buf(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\tfill(buf, %" PRIu64 ", %" PRIu64 ", %u);\n", m->at, m->length, m->op->id);
}

static void file_write(struct exporter *e, const struct emit *m)
{
	fill_buf(e, m);
	fprintf(e->f, "\t%s(\"%s\", pwrite(%s_fd, buf, %" PRIu64 ", %" PRIu64 "));\n", m->checker,
		m->what, m->n.file, m->length, m->at);
}

static void rdma(struct exporter *e, const struct emit *m, const char *opcode)
{
	fprintf(e->f, "\trdma_move(%s, buf, %s, (uintptr_t)%s + %" PRIu64 ", %" PRIu64 ");\n",
		opcode, m->n.mr, m->n.region, m->at, m->length);
}

static void rdma_write(struct exporter *e, const struct emit *m)
{
	fill_buf(e, m);
	rdma(e, m, "IBV_WR_RDMA_WRITE");
}

static void rdma_read(struct exporter *e, const struct emit *m)
{
	rdma(e, m, "IBV_WR_RDMA_READ");
}

/* Where on the raw disk an actor's transfers are: not where another's are. */
static uint64_t disk_place(const struct emit *m)
{
	return (uint64_t)m->op->actor << 24;
}

/* By way of a registered buffer: its ring. */
static const char *ring_of(const struct emit *m)
{
	return m->n.mr[0] ? m->n.mr : "NULL";
}

static void dio_read(struct exporter *e, const struct emit *m)
{
	fprintf(e->f,
		"\tdio_read(%s, %s, %" PRIu64 ", %s + %" PRIu64 ", %" PRIu64 ", %" PRIu64
		", %u);\n",
		ring_of(m), m->n.via, disk_place(m), m->n.region, m->at, m->at, m->length,
		m->op->id);
}

static void dio_write(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\tdio_write(%s, %s, %" PRIu64 ", %s + %" PRIu64 ", buf, %" PRIu64 ");\n",
		ring_of(m), m->n.via, disk_place(m), m->n.region, m->at, m->length);
}

static void vm(struct exporter *e, const struct emit *m, const char *call)
{
	fprintf(e->f,
		"\tlocal = (struct iovec){ buf, %" PRIu64 " };\n"
		"\tremote = (struct iovec){ %s + %" PRIu64 ", %" PRIu64 " };\n"
		"\t%s(\"%s\", %s(getpid(), &local, 1, &remote, 1, 0));\n",
		m->length, m->n.region, m->at, m->length, m->checker, m->what, call);
}

static void vm_write(struct exporter *e, const struct emit *m)
{
	fill_buf(e, m);
	vm(e, m, "process_vm_writev");
}

static void vm_read(struct exporter *e, const struct emit *m)
{
	vm(e, m, "process_vm_readv");
}

static void load(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\tmemcpy(buf, %s + %" PRIu64 ", %" PRIu64 ");\n", m->n.region, m->at,
		m->length);
}

static void file_read(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\t%s(\"%s\", pread(%s_fd, buf, %" PRIu64 ", %" PRIu64 "));\n", m->checker,
		m->what, m->n.file, m->length, m->at);
}

static void disk_read(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\tdisk_read(%s_fd, %s, buf, %" PRIu64 ", %" PRIu64 ");\n", m->n.file,
		m->n.slot, m->at, m->length);
}

static void call(struct exporter *e, const struct emit *m, const char *name, const char *more)
{
	fprintf(e->f, "\t%s(\"%s\", %s(%s_fd%s));\n", m->checker, m->what, name, m->n.file, more);
}

static void fsync_file(struct exporter *e, const struct emit *m)
{
	call(e, m, "fsync", "");
}

static void fdatasync_file(struct exporter *e, const struct emit *m)
{
	call(e, m, "fdatasync", "");
}

static void on_range(struct exporter *e, const struct emit *m, const char *name, const char *how)
{
	fprintf(e->f, "\t%s(\"%s\", %s(%s + %" PRIu64 ", %" PRIu64 ", %s));\n", m->checker, m->what,
		name, m->n.region, m->at, m->length, how);
}

static void msync_range(struct exporter *e, const struct emit *m)
{
	on_range(e, m, "msync", "MS_SYNC");
}

static void pageout(struct exporter *e, const struct emit *m)
{
	on_range(e, m, "madvise", "21 /* MADV_PAGEOUT */");
}

static void dontneed(struct exporter *e, const struct emit *m)
{
	on_range(e, m, "madvise", "MADV_DONTNEED");
}

static void truncate_file(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\t%s(\"%s\", ftruncate(%s_fd, %" PRIu64 "));\n", m->checker, m->what,
		m->n.file, m->at);
}

static void extend(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\t%s(\"%s\", ftruncate(%s_fd, %s_SIZE));\n", m->checker, m->what, m->n.file,
		m->n.region);
}

static void allocate(struct exporter *e, const struct emit *m, const char *mode)
{
	fprintf(e->f, "\t%s(\"%s\", fallocate(%s_fd, %s, %" PRIu64 ", %" PRIu64 "));\n", m->checker,
		m->what, m->n.file, mode, m->at, m->length);
}

static void collapse(struct exporter *e, const struct emit *m)
{
	allocate(e, m, "FALLOC_FL_COLLAPSE_RANGE");
}

static void insert(struct exporter *e, const struct emit *m)
{
	allocate(e, m, "FALLOC_FL_INSERT_RANGE");
}

static void punch(struct exporter *e, const struct emit *m)
{
	allocate(e, m, "FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE");
}

static void zero_range(struct exporter *e, const struct emit *m)
{
	allocate(e, m, "FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE");
}

static void msync_async(struct exporter *e, const struct emit *m)
{
	on_range(e, m, "msync", "MS_ASYNC");
}

static void madv_free(struct exporter *e, const struct emit *m)
{
	on_range(e, m, "madvise", "MADV_FREE");
}

static void protect_r(struct exporter *e, const struct emit *m)
{
	on_range(e, m, "mprotect", "PROT_READ");
}

static void protect_none(struct exporter *e, const struct emit *m)
{
	on_range(e, m, "mprotect", "PROT_NONE");
}

static void protect_rw(struct exporter *e, const struct emit *m)
{
	on_range(e, m, "mprotect", "PROT_READ | PROT_WRITE");
}

static void sync_file(struct exporter *e, const struct emit *m)
{
	fprintf(e->f,
		"\t%s(\"%s\", sync_file_range(%s_fd, %" PRIu64 ", %" PRIu64
		", SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | "
		"SYNC_FILE_RANGE_WAIT_AFTER));\n",
		m->checker, m->what, m->n.file, m->at, m->length);
}

static void fadvise(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\tposix_fadvise(%s_fd, %" PRIu64 ", %" PRIu64 ", POSIX_FADV_DONTNEED);\n",
		m->n.file, m->at, m->length);
}

/* Past the page cache, between the file and memory: a buffer, or the mapping itself. */
static void direct(struct exporter *e, const struct emit *m, bool write, bool self)
{
	char memory[PP_NAME_MAX + 32] = "buf";

	if (self)
		snprintf(memory, sizeof(memory), "%s + %" PRIu64, m->n.region, m->at);
	fprintf(e->f, "\t%s(\"%s\", direct_io(%s_fd, %d, %s, %" PRIu64 ", %" PRIu64 "));\n",
		m->checker, m->what, m->n.file, write, memory, m->length, m->at);
}

static void dio_pwrite(struct exporter *e, const struct emit *m)
{
	fill_buf(e, m);
	direct(e, m, true, false);
}

static void dio_pread(struct exporter *e, const struct emit *m)
{
	direct(e, m, false, false);
}

static void self_read(struct exporter *e, const struct emit *m)
{
	direct(e, m, false, true);
}

static void self_write(struct exporter *e, const struct emit *m)
{
	direct(e, m, true, true);
}

static void splice_hold(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\tsplice_hold(held, %s + %" PRIu64 ", %" PRIu64 ");\n", m->n.region, m->at,
		m->length);
}

static void splice_drain(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\tsplice_drain(held, buf, %" PRIu64 ");\n", m->length);
}

static void vmsplice_read(struct exporter *e, const struct emit *m)
{
	splice_hold(e, m);
	splice_drain(e, m);
}

/* Unmount, mount, read: what a reboot would show. */
static void cold_read(struct exporter *e, const struct emit *m)
{
	uint16_t fs = e->p->regions[pp_plan_op_region(e->p, m->op)].fs;

	files_of(e, fs, m->n.fs, false, false);
	fprintf(e->f, "\tcommand(\"umount %%s%%s\", %s_dir, \"\");\n", m->n.fs);
	put_mount(e, fs, &m->n);
	files_of(e, fs, m->n.fs, true, false);
	file_read(e, m);
}

static void fork_child(struct exporter *e, const struct emit *m)
{
	(void)m;
	fprintf(e->f, "\tchild = child_that_stays();\n");
}

static void reap(struct exporter *e, const struct emit *m)
{
	(void)m;
	fprintf(e->f, "\tkill(child, SIGKILL);\n\tmust(\"waitpid\", waitpid(child, NULL, 0));\n");
}

/* Counters and frames are pinproof's own business. */
static void nothing(struct exporter *e, const struct emit *m)
{
	(void)e;
	(void)m;
}

static const struct exported {
	enum pp_verb verb;
	pp_emit_fn *emit;
} exported[] = {
	{ PP_VERB_MKFS, mkfs },
	{ PP_VERB_MOUNT, mount_fs },
	{ PP_VERB_UMOUNT, umount_fs },
	{ PP_VERB_MAP, map },
	{ PP_VERB_UNMAP, unmap },
	{ PP_VERB_REG, reg },
	{ PP_VERB_DEREG, dereg },
	{ PP_VERB_STORE, store },
	{ PP_VERB_PWRITE, file_write },
	{ PP_VERB_RDMA_WRITE, rdma_write },
	{ PP_VERB_RDMA_READ, rdma_read },
	{ PP_VERB_DIO_READ, dio_read },
	{ PP_VERB_FIXED_READ, dio_read },
	{ PP_VERB_VM_WRITE, vm_write },
	{ PP_VERB_VM_READ, vm_read },
	{ PP_VERB_LOAD, load },
	{ PP_VERB_PREAD, file_read },
	{ PP_VERB_DISK_READ, disk_read },
	{ PP_VERB_FSYNC, fsync_file },
	{ PP_VERB_FDATASYNC, fdatasync_file },
	{ PP_VERB_MSYNC, msync_range },
	{ PP_VERB_PAGEOUT, pageout },
	{ PP_VERB_DONTNEED, dontneed },
	{ PP_VERB_TRUNCATE, truncate_file },
	{ PP_VERB_EXTEND, extend },
	{ PP_VERB_PUNCH, punch },
	{ PP_VERB_ZERO_RANGE, zero_range },
	{ PP_VERB_COLLAPSE, collapse },
	{ PP_VERB_INSERT, insert },
	{ PP_VERB_MSYNC_ASYNC, msync_async },
	{ PP_VERB_SYNC_RANGE, sync_file },
	{ PP_VERB_FADVISE, fadvise },
	{ PP_VERB_MADV_FREE, madv_free },
	{ PP_VERB_PROTECT_R, protect_r },
	{ PP_VERB_PROTECT_NONE, protect_none },
	{ PP_VERB_PROTECT_RW, protect_rw },
	{ PP_VERB_DIO_PWRITE, dio_pwrite },
	{ PP_VERB_DIO_PREAD, dio_pread },
	{ PP_VERB_DIO_WRITE, dio_write },
	{ PP_VERB_FIXED_WRITE, dio_write },
	{ PP_VERB_SELF_READ, self_read },
	{ PP_VERB_SELF_WRITE, self_write },
	{ PP_VERB_SPLICE_HOLD, splice_hold },
	{ PP_VERB_SPLICE_DRAIN, splice_drain },
	{ PP_VERB_VMSPLICE, vmsplice_read },
	{ PP_VERB_COLD_READ, cold_read },
	{ PP_VERB_URING_READ, file_read },
	{ PP_VERB_FORK, fork_child },
	{ PP_VERB_REAP, reap },
	{ PP_VERB_KILL, reap },
	{ PP_VERB_PAGE_LOOK, nothing },
	{ PP_VERB_PAGE_MARK, nothing },
	{ PP_VERB_CHILD_LOOK, nothing },
	{ PP_VERB_FRAME_LOOK, nothing },
	{ PP_VERB_QUIET, nothing },
};

pp_emit_fn *pp_export_verb(enum pp_verb verb)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(exported); i++)
		if (exported[i].verb == verb)
			return exported[i].emit;
	return NULL;
}
