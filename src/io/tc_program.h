/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The program that captures packets on their way out, loaded once for all devices, and what it knows. Control thread. */

#include <stdint.h>

#include "base/ext_ack.h"
#include "io/tc_maps.h"
#include "io/tc_set.h"

struct ux_tc_program {
	void *skeleton; /* struct ux_tc_capture_bpf; NULL: not open */
	int program;
	int prefixes, more, settings_map, live; /* maps */
	struct ux_tc_settings settings; /* ux_tc_program_tell tells them */
};

/* ux_tc_program_open - 0 or -errno. Needs CAP_BPF, which nothing later does. */
int ux_tc_program_open(struct ux_tc_program *p, uint32_t own_mark) UX_MUST_CHECK;
/* ux_tc_program_close - where filters hold the program it drops what it would have taken from now on. */
void ux_tc_program_close(struct ux_tc_program *p);
int ux_tc_program_tell(struct ux_tc_program *p) UX_MUST_CHECK;

/* Of a set of selectors whose opaque pointer is the program. */
extern const struct ux_tc_set_ops ux_tc_program_ops;
