/* SPDX-License-Identifier: BSD-2-Clause */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine.h"

#define ROWS_MAX 256

static struct bench_row rows[ROWS_MAX];
static size_t n_rows;

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double bench_median(double *numbers, size_t n)
{
	qsort(numbers, n, sizeof(*numbers), by_size);
	return n % 2 ? numbers[n / 2] : (numbers[n / 2 - 1] + numbers[n / 2]) / 2;
}

static double ratio(const struct bench_row *r)
{
	return r->ours / r->peer_value;
}

static bool met(const struct bench_row *r)
{
	return r->aim <= 0 || ratio(r) >= r->aim;
}

void bench_row_add(const struct bench_row *row)
{
	if (n_rows == ROWS_MAX)
		bench_die("too many rows");
	rows[n_rows++] = *row;
	printf("%-34s %-14s %9.3f %-9s %-22s %9.3f  ratio %6.3f", row->work, row->size, row->ours,
	       row->unit, row->peer, row->peer_value, ratio(row));
	if (row->aim > 0)
		printf("  aim %.2f: %s", row->aim, met(row) ? "met" : "not met");
	putchar('\n');
	fflush(stdout);
}

void bench_rows_write(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		bench_die("cannot write the JSON file");
	fputs("[", f);
	for (size_t i = 0; i < n_rows; i++) {
		const struct bench_row *r = &rows[i];

		fprintf(f,
			"%s\n{\"work\": \"%s\", \"size\": \"%s\", \"unit\": \"%s\", \"ours\": %.4g, "
			"\"peer\": \"%s\", \"peer_value\": %.4g, \"ratio\": %.4g, \"runs\": %u}",
			i ? "," : "", r->work, r->size, r->unit, r->ours, r->peer, r->peer_value,
			ratio(r), r->runs);
	}
	fputs("\n]\n", f);
	if (fclose(f) != 0)
		bench_die("cannot write the JSON file");
}

bool bench_rows_met(void)
{
	bool all = true;

	for (size_t i = 0; i < n_rows; i++)
		all &= met(&rows[i]);
	return all;
}
