/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

/* print_stats - the daemon's status as a table for people. @zeros: drop reasons that never occurred
 * too. What the status lacks is shown as 0 or left out: the daemon may be of another version. */
void print_stats(FILE *out, const json_t *status, bool zeros);
/* print_crypto - of the status, what its object "crypto" says. */
void print_crypto(FILE *out, const json_t *crypto);
