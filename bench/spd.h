/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The two parts of bench/spd. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SPD_REQUEST_AIM 1.5 /* largest cost by smallest */

/* spd_lookups - measure and print; then what is JSON of it. false: an aim is not met. */
bool spd_lookups(void);
void spd_lookups_json(FILE *f);
/* spd_requests - the same, of the first @n sizes. */
#define SPD_REQUEST_SIZES 3
bool spd_requests(size_t n);
void spd_requests_json(FILE *f, size_t n);

/* spd_median - of @n numbers, which it sorts. */
double spd_median(double *v, size_t n);
