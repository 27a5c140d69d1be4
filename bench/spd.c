/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What policies cost: the look-up of a flow not seen before among 100 to 100,000 policies
 * (spd_lookup.c), one NEWPOLICY and one DELPOLICY as requests through the library with 1,000 to
 * 1,000,000 in the database, and memory (spd_request.c).
 *
 * Options: --json FILE, --quick (no million), --lookups (no requests).
 *
 * Aims: a look-up among 100,000 at most 4 times that among 100, for every kind; a request at most
 * 1.5 times between the sizes, and adding one of a kind as well; 700 bytes for a policy. Exit
 * status 1: not all are met.
 */
#include "spd.h"

#include <getopt.h>
#include <stdlib.h>

#include "engine.h"

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double spd_median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare);
	return v[n / 2];
}

static void write_json(const char *path, size_t n_sizes)
{
	FILE *f = fopen(path, "w");

	if (!f)
		bench_die("cannot write the JSON file");
	fputs("{\"lookup\": [", f);
	spd_lookups_json(f);
	fputs("\n],\n\"request\": [", f);
	spd_requests_json(f, n_sizes);
	fputs("\n]}\n", f);
	if (fclose(f) != 0)
		bench_die("cannot write the JSON file");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"json", required_argument, NULL, 'j'},
						{"quick", no_argument, NULL, 'q'},
						{"lookups", no_argument, NULL, 'l'},
						{NULL, 0, NULL, 0}};
	size_t n = SPD_REQUEST_SIZES;
	const char *json = NULL;
	bool good;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'j')
			json = optarg;
		else if (c == 'q')
			n = 2; /* without the million */
		else if (c == 'l')
			n = 0; /* nothing else */
		else
			return 2;
	}
	srandom(1);
	good = !n || spd_requests(n); /* first: memory that an engine gave back is not seen */
	good &= spd_lookups();
	if (json)
		write_json(json, n);
	return good ? 0 : 1;
}
