/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "supervise/call.h"

/* ux_call_uname - uname() with another release. */
long ux_call_uname(struct ux_call *c, const char *release);
