/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "cli/cli.h"

/* options_take - all options at hand; ends the program where one is wrong. */
void options_take(struct cli *cli, struct args *a);
/* options_usage - ends the program with the usage of the whole. */
_Noreturn void options_usage(FILE *out, int status);
