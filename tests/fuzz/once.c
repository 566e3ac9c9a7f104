/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a fuzz target over files, without libFuzzer: for make check and for one bad input. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static unsigned long count;

static int one_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t size = 0;
	long end;

	if (!file || fseek(file, 0, SEEK_END) || (end = ftell(file)) < 0 ||
	    fseek(file, 0, SEEK_SET)) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	data = malloc((size_t)end + 1);
	if (data)
		size = fread(data, 1, (size_t)end, file);
	fclose(file);
	if (!data || size != (size_t)end) {
		fprintf(stderr, "%s: cannot be read\n", path);
		free(data);
		return 1;
	}
	LLVMFuzzerTestOneInput(data, size);
	/* what is cut off or has one bit changed is damaged in most places */
	LLVMFuzzerTestOneInput(data, size / 2);
	if (size) {
		data[size * 2 / 3] ^= 1;
		LLVMFuzzerTestOneInput(data, size);
	}
	free(data);
	count++;
	return 0;
}

/* The files of a directory; the order does not matter. */
static int one_directory(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char file[4096];
	int bad = 0;

	if (!dir)
		return one_file(path);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		bad |= one_file(file);
	}
	closedir(dir);
	return bad;
}

int main(int argc, char **argv)
{
	int bad = argc < 2;

	for (int i = 1; i < argc; i++)
		bad |= one_directory(argv[i]);
	printf("%s: %lu inputs\n", argv[0], count);
	return bad || !count;
}
