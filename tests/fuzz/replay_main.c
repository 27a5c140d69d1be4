/* SPDX-License-Identifier: BSD-2-Clause */
/* A main for fuzz targets built without libFuzzer: run each file of the directories given once. */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = NULL;
	size_t n = 0, cap = 0;

	if (!f)
		return -1;
	do {
		if (n == cap) {
			cap = cap ? cap * 2 : 4096;
			bytes = realloc(bytes, cap);
			if (!bytes)
				abort();
		}
		n += fread(bytes + n, 1, cap - n, f);
	} while (n == cap);
	fclose(f);
	(void)LLVMFuzzerTestOneInput(bytes, n);
	free(bytes);
	return 0;
}

static int replay_directory(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	if (!d)
		return -1;
	while ((e = readdir(d))) {
		char file[4096];

		if (e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		if (replay_file(file) < 0)
			fprintf(stderr, "%s: cannot read\n", file);
		else
			n++;
	}
	closedir(d);
	return n;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int n = replay_directory(argv[i]);

		if (n > 0)
			total += n;
	}
	printf("%d inputs\n", total);
	return total == 0; /* an empty corpus tests nothing */
}
