/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "cli/cli.h"

/* kernel_stats - print the counters of the kernel. The exit status. */
int kernel_stats(const struct cli *cli);
/* kernel_xfrm_stat - the same as the kernel itself prints them. */
int kernel_xfrm_stat(void);
