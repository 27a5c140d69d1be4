/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What the daemon says of itself, as JSON. Nothing in it is secret. */

#include <stdint.h>

#include <uxfrm/engine.h>
#include <uxfrm/packet.h>

#include "daemon/config.h"
#include "daemon/tc_capture.h"
#include "daemon/workers.h"
#include "daemon/xdp_underlay.h"

struct ux_status_input {
	uint32_t pid, clients;
	uint64_t uptime_s;
	const char *tun_name; /* NULL: no ports */
	struct uxfrm_counts counts;
	struct uxfrm_packet_stats packets;
	struct ux_workers_stats worker; /* all 0 without ports */
	enum ux_capture_setting capture;
	struct ux_tc_capture_status tc;
	enum ux_underlay_setting underlay;
	struct ux_xdp_status xdp;
	const char *xdp_why; /* NULL or empty: there is nothing in its way */
};

/* ux_status_json - a text without line breaks; the caller frees it. NULL when out of memory. */
char *ux_status_json(const struct ux_status_input *in);
