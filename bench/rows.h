/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Comparisons as all benches print and write them: one row for each work and size. */

#include <stdbool.h>
#include <stddef.h>

struct bench_row {
	const char *work; /* what is measured */
	const char *size; /* of what: "64 B", "1000000 SAs" */
	const char *unit;
	double ours;
	const char *peer;
	double peer_value;
	double aim; /* of ours / peer_value; 0: none */
	unsigned int runs;
};

/* bench_median - of @n numbers, which it sorts. */
double bench_median(double *numbers, size_t n);
/* bench_row_add - remember a row and print it. The texts stay the caller's. Ends the program when there are too many. */
void bench_row_add(const struct bench_row *row);
/* bench_rows_write - all rows as a JSON array of {work, size, unit, ours, peer, peer_value, ratio,
 * runs}. Ends the program when it cannot. */
void bench_rows_write(const char *path);
/* bench_rows_met - did every row reach its aim? */
bool bench_rows_met(void);
