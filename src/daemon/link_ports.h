/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The ports of links by their if_id: a sorted table that is constant once made, and freed by
 * free(). */

#include "io/port.h"

struct ux_link_ports;

/* ux_link_ports_find - NULL: none. @links may be NULL, here and below. */
struct ux_port *ux_link_ports_find(const struct ux_link_ports *links, uint32_t if_id);
/* ux_link_ports_with, _without - a copy with one more, or one less. NULL: out of memory. Returns
 * owned. */
struct ux_link_ports *ux_link_ports_with(const struct ux_link_ports *links, struct ux_port *port);
struct ux_link_ports *ux_link_ports_without(const struct ux_link_ports *links,
					    const struct ux_port *port);
