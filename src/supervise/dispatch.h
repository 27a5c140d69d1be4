/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "supervise/call.h"
#include "supervise/filter.h"

/* ux_dispatch - do what @c asks for, and answer it. */
void ux_dispatch(struct ux_call *c, const struct ux_filter *filter);
