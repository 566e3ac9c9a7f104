/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pinproof vm`: hands over to the stages under scripts/vm, wherever they are installed. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "core/words.h"

#ifndef PP_LIBEXECDIR
#define PP_LIBEXECDIR "/usr/local/libexec/pinproof"
#endif

static const char *const stages[] = { "run", "shell", "again", "kernel" };

/* Where the stages may be, relative to the program: the build tree has a link, an installation its
 * own. */
static const char *const beside[] = { "scripts/vm", "../libexec/pinproof/vm" };

/* The environment first, then beside this very program, so that two installations do not mix. */
static int find_stage(const char *stage, const char *self, char *out, size_t size)
{
	const char *given = getenv("PINPROOF_VM_DIR");
	const char *slash = strrchr(self, '/');

	if (given) {
		snprintf(out, size, "%s/%s", given, stage);
		return access(out, X_OK) ? -errno : 0;
	}
	for (size_t i = 0; slash && i < PP_ARRAY_LEN(beside); i++) {
		snprintf(out, size, "%.*s/%s/%s", (int)(slash - self), self, beside[i], stage);
		if (!access(out, X_OK))
			return 0;
	}
	snprintf(out, size, "%s/vm/%s", PP_LIBEXECDIR, stage);
	return access(out, X_OK) ? -errno : 0;
}

static void vm_usage(const struct pp_command *c, FILE *out)
{
	fprintf(out, "usage: pinproof %s %s\n'pinproof vm run --help' shows the options.\n",
		c->name, c->operands);
}

int pp_vm_hand_over(char **argv)
{
	char path[PATH_MAX * 2], self[PATH_MAX] = "";
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	if (find_stage(argv[0], self, path, sizeof(path))) {
		fprintf(stderr,
			"pinproof: the VM stage '%s' is not installed: set PINPROOF_VM_DIR to "
			"scripts/vm of the source.\n",
			argv[0]);
		return PP_EXIT_USAGE;
	}
	if (self[0])
		setenv("PINPROOF", self, 1);
	execv(path, argv);
	fprintf(stderr, "pinproof: cannot start %s: %s\n", path, strerror(errno));
	return PP_EXIT_USAGE;
}

int pp_cmd_vm(const struct pp_command *c, int argc, char **argv)
{
	bool known = false;

	for (size_t i = 0; i < PP_ARRAY_LEN(stages); i++)
		known |= argc > 2 && !strcmp(argv[2], stages[i]);
	if (!known) {
		bool help = argc > 2 && (!strcmp(argv[2], "--help") || !strcmp(argv[2], "-h"));

		vm_usage(c, help ? stdout : stderr);
		return help ? 0 : 2;
	}
	return pp_vm_hand_over(argv + 2);
}
