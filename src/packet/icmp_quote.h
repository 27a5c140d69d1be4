/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The packet an ICMP error is about, as far as it is quoted. */

#include <stdbool.h>
#include <stdint.h>

#include "packet/flow_key.h"
#include "packet/ip.h"

/*
 * ux_icmp_quote_reversed - what the packet that @packet (@info: as it was parsed) complains of
 * would look like on its way back: the flow the error belongs to. Mark and interface are left 0.
 * False: not an error (unreachable, too big, time exceeded, parameter problem), or nothing is
 * quoted that has addresses.
 */
bool ux_icmp_quote_reversed(const uint8_t *packet, const struct ux_ip_info *info,
			    struct ux_flow_key *ret_flow);
