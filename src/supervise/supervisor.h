/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "supervise/filter.h"

/* ux_supervisor_run - answer the calls told to @listener until no program has the filter any more.
 * Ends the process. */
_Noreturn void ux_supervisor_run(int listener, const struct ux_filter *filter);
