/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * ux_supervise_exec - become the program @argv[0], with a supervisor beside it that is nobody's
 * child. Returns only when that fails: -errno, and *ret_reason says what could not be done; ""
 * when it was the program itself.
 */
int ux_supervise_exec(char **argv, const char **ret_reason);
