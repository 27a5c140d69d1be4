/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Where our other programs are: beside this one in a build directory, else where they are
 * installed. */

#include <stddef.h>

/* Absolute paths, zero-terminated; the empty string when there is none. */
void path_of_daemon(char *path, size_t size);
void path_of_shim(char *path, size_t size);
