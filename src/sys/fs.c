/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Make, mount and unmount filesystems; see fs.h. */
#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/command.h"
#include "sys/slots.h"

#define MKFS_TIMEOUT_MS     60000
#define MODPROBE_TIMEOUT_MS 20000
#define UMOUNT_POLL_MS      10
#define MAX_ARGS            48
#define CHECK_BYTES         16384 /* of what a check says */
#define LAST_BYTES          300   /* of that into the sentence */
#define PMEM_BLOCK_BYTES    4096  /* DAX wants blocks of a page */

/*
 * One row for each filesystem: the command line that never asks and never
 * discards, and how it spells the two things that differ. Background work after
 * the mount (ext4's lazy initialisation) would write to a disk that a case
 * believes to be idle, so all of it is done by mkfs; a small journal and few
 * inodes keep that short, as pmem is slow to write under emulation.
 */
struct fs_kind {
	const char *type;
	const char *command[12];  /* NULL-terminated; command[0] is the program, none for tmpfs */
	const char *pmem[5];      /* added for pmem slots */
	const char *block_option; /* how it takes a block size */
	const char *block_prefix; /* in front of the number */
	unsigned block_unit;      /* the number counts these */
	const char *pmem_mount;   /* mount option for pmem slots */
	const char *check[4];     /* looks for damage and repairs nothing; the device follows */
	unsigned damaged;         /* bit of each exit status that means damage */
	const char *figures;      /* its output from here on is no complaint */
};

/* clang-format off */
static const struct fs_kind fs_kinds[] = {
	{ .type = "ext4",
	  .command = { "mkfs.ext4", "-F", "-q", "-L", PP_OWN_LABEL,
		       "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0",
		       "-J", "size=4", "-N", "512" },
	  .block_option = "-b", .block_prefix = "", .block_unit = 1,
	  .pmem_mount = "dax=always",
	  .check = { "e2fsck", "-fn" }, .damaged = 1u << 1 | 1u << 4 },
	{ .type = "xfs",
	  .command = { "mkfs.xfs", "-f", "-K", "-q", "-L", PP_OWN_LABEL },
	  .pmem = { "-m", "reflink=0" },
	  .block_option = "-b", .block_prefix = "size=", .block_unit = 1,
	  .pmem_mount = "dax=always",
	  /* 2 is a dirty log: after an unmount that is damage too. */
	  .check = { "xfs_repair", "-n", "-P" }, .damaged = 1u << 1 | 1u << 2 },
	{ .type = "btrfs",
	  .command = { "mkfs.btrfs", "-f", "-q", "-K", "-L", PP_OWN_LABEL },
	  .block_option = "-s", .block_prefix = "", .block_unit = 1,
	  .check = { "btrfs", "check", "--readonly" }, .damaged = 1u << 1,
	  .figures = "\nOpening filesystem to check" },
	/* Its label is upper case, and a fake partition table would make the disk unusable next time. */
	{ .type = "vfat",
	  .command = { "mkfs.vfat", "--mbr=n", "-n", "PINPROOF" },
	  .block_option = "-s", .block_prefix = "", .block_unit = 512,
	  .check = { "fsck.vfat", "-n" }, .damaged = 1u << 1 },
	{ .type = "tmpfs" },
};

struct mount_flag {
	const char *name;
	unsigned long set, clear;
};
static const struct mount_flag mount_flags[] = {
	{ "defaults", 0, 0 },
	{ "ro", MS_RDONLY, 0 },            { "rw", 0, MS_RDONLY },
	{ "nosuid", MS_NOSUID, 0 },        { "suid", 0, MS_NOSUID },
	{ "nodev", MS_NODEV, 0 },          { "dev", 0, MS_NODEV },
	{ "noexec", MS_NOEXEC, 0 },        { "exec", 0, MS_NOEXEC },
	{ "sync", MS_SYNCHRONOUS, 0 },     { "async", 0, MS_SYNCHRONOUS },
	{ "dirsync", MS_DIRSYNC, 0 },
	{ "noatime", MS_NOATIME, 0 },      { "atime", 0, MS_NOATIME },
	{ "nodiratime", MS_NODIRATIME, 0 },{ "diratime", 0, MS_NODIRATIME },
	{ "relatime", MS_RELATIME, 0 },    { "norelatime", 0, MS_RELATIME },
	{ "strictatime", MS_STRICTATIME, 0 },
	{ "lazytime", MS_LAZYTIME, 0 },    { "nolazytime", 0, MS_LAZYTIME },
};
/* clang-format on */

static const struct fs_kind *find_kind(const char *type, struct pp_err *err)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(fs_kinds); i++)
		if (!strcmp(fs_kinds[i].type, type))
			return &fs_kinds[i];
	pp_err_set(err, -EINVAL, "filesystem type '%s' is not one that pinproof makes", type);
	return NULL;
}

static bool on_pmem(const struct pp_fs_def *def)
{
	return !strncmp(def->slot, "pmem", 4);
}

/* Put the words of @text into @argv from @n on; @words keeps them. Returns the new count or -E2BIG.
 */
static int add_words(const char *argv[], int n, const char *text, char *words, size_t size)
{
	char *save = NULL;

	if (snprintf(words, size, "%s", text) >= (int)size)
		return -E2BIG;
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		if (n >= MAX_ARGS - 2)
			return -E2BIG;
		argv[n++] = w;
	}
	return n;
}

int pp_fs_make(const struct pp_fs_def *def, const char *dev, struct pp_err *err)
{
	const struct fs_kind *kind = find_kind(def->type, err);
	bool pmem = on_pmem(def);
	uint32_t block = def->block_bytes ? def->block_bytes : pmem ? PMEM_BLOCK_BYTES : 0;
	const char *argv[MAX_ARGS];
	char block_text[32], words[PP_TEXT_MAX];
	int n = 0, rc;

	if (!kind)
		return -EINVAL;
	if (!kind->command[0])
		return 0;
	if (pmem && !kind->pmem_mount)
		return pp_err_set(err, -EOPNOTSUPP, "%s has no DAX", def->type);
	for (size_t i = 0; i < PP_ARRAY_LEN(kind->command) && kind->command[i]; i++)
		argv[n++] = kind->command[i];
	for (size_t i = 0; pmem && i < PP_ARRAY_LEN(kind->pmem) && kind->pmem[i]; i++)
		argv[n++] = kind->pmem[i];
	if (block) {
		snprintf(block_text, sizeof(block_text), "%s%u", kind->block_prefix,
			 block / kind->block_unit);
		argv[n++] = kind->block_option;
		argv[n++] = block_text;
	}
	n = add_words(argv, n, def->mkfs, words, sizeof(words));
	if (n < 0)
		return pp_err_set(err, n, "too many options of mkfs for %s", def->name);
	argv[n++] = dev;
	argv[n] = NULL;
	rc = pp_command(argv, MKFS_TIMEOUT_MS, NULL, 0, err);
	if (rc)
		pp_err_prefix(err, "cannot make %s on %s", def->type, dev);
	return rc > 0 ? -EIO : rc;
}

/* Sort fstab's words into flags of mount(2) and data for the filesystem. */
static int parse_options(const char *options, unsigned long *flags, char *data, size_t size)
{
	char words[PP_TEXT_MAX], *save = NULL;
	size_t used = strlen(data);

	if (snprintf(words, sizeof(words), "%s", options) >= (int)sizeof(words))
		return -E2BIG;
	for (char *w = strtok_r(words, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		size_t i = 0;

		while (i < PP_ARRAY_LEN(mount_flags) && strcmp(mount_flags[i].name, w))
			i++;
		if (i < PP_ARRAY_LEN(mount_flags)) {
			*flags = (*flags & ~mount_flags[i].clear) | mount_flags[i].set;
			continue;
		}
		if (strlen(w) + 1 >= size - used)
			return -E2BIG;
		used += (size_t)snprintf(data + used, size - used, "%s%s", used ? "," : "", w);
	}
	return 0;
}

/* Ask a file of the mount itself: dax=always is a wish, which the kernel may drop with a log line
 * only. */
static int check_dax(const char *dir, struct pp_err *err)
{
	struct statx stx;
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0)
		return pp_err_set(err, -errno, "cannot make a file in %s", dir);
	rc = statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &stx) ? -errno : 0;
	close(fd);
	if (rc)
		return pp_err_set(err, rc, "cannot statx a file in %s", dir);
	if (!(stx.stx_attributes & STATX_ATTR_DAX))
		return pp_err_set(err, -EOPNOTSUPP, "files in %s do not use DAX", dir);
	return 0;
}

int pp_fs_mount(const struct pp_fs_def *def, const char *dev, const char *dir, struct pp_err *err)
{
	const struct fs_kind *kind = find_kind(def->type, err);
	char data[PP_TEXT_MAX + 32] = "";
	unsigned long flags = 0;
	bool dax;
	int rc;

	if (!kind)
		return -EINVAL;
	dax = on_pmem(def);
	if (dax && !kind->pmem_mount)
		return pp_err_set(err, -EOPNOTSUPP, "%s has no DAX", def->type);
	if (dax)
		snprintf(data, sizeof(data), "%s", kind->pmem_mount);
	rc = parse_options(def->mount, &flags, data, sizeof(data));
	if (rc)
		return pp_err_set(err, rc, "mount options of %s", def->name);
	if (mount(kind->command[0] ? dev : PP_OWN_LABEL, dir, def->type, flags, data))
		return pp_err_set(err, -errno, "cannot mount %s (%s) on %s with options '%s'",
				  kind->command[0] ? dev : "no device", def->type, dir, data);
	if (!dax)
		return 0;
	rc = check_dax(dir, err);
	if (rc)
		pp_fs_umount(dir, 2000, NULL);
	return rc;
}

int pp_fs_umount(const char *dir, uint32_t bound_ms, struct pp_err *err)
{
	uint64_t deadline_ns = pp_deadline_ns(bound_ms);

	while (umount2(dir, UMOUNT_NOFOLLOW)) {
		if (errno != EBUSY && errno != EINTR)
			return pp_err_set(err, -errno, "cannot unmount %s", dir);
		if (pp_now_ns() >= deadline_ns)
			return pp_err_set(err, -EBUSY, "cannot unmount %s within %u ms", dir,
					  bound_ms);
		pp_pause_ms(UMOUNT_POLL_MS);
	}
	return 0;
}

/* The last lines of what a tool said, on one line: the first ones only name its passes. */
static void last_words(char *text, char *out, size_t size)
{
	size_t len = strlen(text), from;

	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	from = len > LAST_BYTES ? len - LAST_BYTES : 0;
	if (from)
		from += strcspn(text + from, "\n") + 1;
	snprintf(out, size, "%s", from < len ? text + from : text);
	for (char *nl; (nl = strchr(out, '\n'));)
		*nl = ';';
}

int pp_fs_check(const struct pp_fs_def *def, const char *dev, uint32_t bound_ms, struct pp_err *err)
{
	const struct fs_kind *kind = find_kind(def->type, err);
	const char *argv[PP_ARRAY_LEN(kind->check) + 2];
	char said[CHECK_BYTES], last[LAST_BYTES + 1], *figures;
	int n = 0, rc;

	if (!kind)
		return -EINVAL;
	if (!kind->check[0])
		return pp_err_set(err, -EOPNOTSUPP, "%s has no blocks to check", def->type);
	/* Some tools say the same of a device that is absent as of one that is damaged. */
	if (access(dev, R_OK))
		return pp_err_set(err, -errno, "cannot check %s", dev);
	for (; n < (int)PP_ARRAY_LEN(kind->check) && kind->check[n]; n++)
		argv[n] = kind->check[n];
	argv[n++] = dev;
	argv[n] = NULL;
	rc = pp_command(argv, (int)bound_ms, said, sizeof(said), err);
	if (rc <= 0)
		return rc;
	if (kind->figures && (figures = strstr(said, kind->figures)))
		*figures = '\0';
	last_words(said, last, sizeof(last));
	if (rc < 32 && kind->damaged & 1u << rc)
		return pp_err_set(err, -EUCLEAN, "%s found damage on %s: %s.", argv[0], dev, last);
	return pp_err_set(err, -EIO, "%s ended with status %d: %s.", argv[0], rc, last);
}

int pp_fs_check_known(const char *type, struct pp_err *err)
{
	const struct fs_kind *kind = find_kind(type, err);

	if (!kind || !kind->check[0])
		return -EINVAL;
	if (!pp_command_exists(kind->check[0]))
		return pp_err_set(err, -ENOENT, "%s is not installed", kind->check[0]);
	return 0;
}

static bool kernel_has(const char *type)
{
	char line[128], *name;
	FILE *f = fopen("/proc/filesystems", "re");
	bool found = false;

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		name = strchr(line, '\t');
		found = name && !strcmp(name + 1, type);
	}
	fclose(f);
	return found;
}

int pp_fs_known(const char *type, struct pp_err *err)
{
	const struct fs_kind *kind = find_kind(type, err);
	const char *const load[] = { "modprobe", "-q", type, NULL };

	if (!kind)
		return -EINVAL;
	if (kind->command[0] && !pp_command_exists(kind->command[0]))
		return pp_err_set(err, -ENOENT, "%s is not installed", kind->command[0]);
	if (!kernel_has(type)) {
		pp_command(load, MODPROBE_TIMEOUT_MS, NULL, 0, NULL);
		if (!kernel_has(type))
			return pp_err_set(
				err, -ENODEV,
				"the kernel has no filesystem %s (module %s not loadable)", type,
				type);
	}
	return 0;
}
