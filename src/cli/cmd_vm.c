/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pinproof vm`: hands over to the stages under scripts/vm, wherever they are installed. */
#include <errno.h>
#include <libgen.h>
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
#ifndef PP_SOURCE_DIR
#define PP_SOURCE_DIR "."
#endif

static const char *const stages[] = { "run", "shell", "again" };

/* The environment first, then the source tree that this binary was built in, then the installed
 * place. */
static int find_stage(const char *stage, char *out, size_t size)
{
	const char *dirs[] = { getenv("PINPROOF_VM_DIR"), PP_SOURCE_DIR "/scripts/vm",
			       PP_LIBEXECDIR "/vm" };

	for (size_t i = 0; i < PP_ARRAY_LEN(dirs); i++) {
		if (!dirs[i])
			continue;
		snprintf(out, size, "%s/%s", dirs[i], stage);
		if (!access(out, X_OK))
			return 0;
	}
	return -ENOENT;
}

int pp_cmd_vm(const struct pp_command *c, int argc, char **argv)
{
	char path[PATH_MAX], self[PATH_MAX];
	bool known = false;
	ssize_t n;

	for (size_t i = 0; i < PP_ARRAY_LEN(stages); i++)
		known |= argc > 2 && !strcmp(argv[2], stages[i]);
	if (!known) {
		fprintf(stderr,
			"usage: pinproof %s %s\n'pinproof vm run --help' shows the options.\n",
			c->name, c->operands);
		return argc > 2 && !strcmp(argv[2], "--help") ? 0 : 2;
	}
	if (find_stage(argv[2], path, sizeof(path))) {
		fprintf(stderr,
			"pinproof: the VM stage '%s' is not installed: set PINPROOF_VM_DIR to "
			"scripts/vm of the source.\n",
			argv[2]);
		return 2;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n > 0) {
		self[n] = '\0';
		setenv("PINPROOF", self, 1);
	}
	execv(path, argv + 2);
	fprintf(stderr, "pinproof: cannot start %s: %s\n", path, strerror(errno));
	return 2;
}
