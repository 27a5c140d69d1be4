/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <stdio.h>

#include <jansson.h>

/* print_xfrm_stat - the drops of the daemon's status summed up by Linux's counters, in the form of
 * /proc/net/xfrm_stat: all its counters, in its order. */
void print_xfrm_stat(FILE *out, const json_t *status);
