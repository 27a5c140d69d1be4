/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* A port whose two ends are in memory: what a test pushes is received, what is sent a test takes.
 * One thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ext_ack.h"
#include "io/port.h"

/* ux_memory_port_open - with room for @capacity packets each way. 0 or -errno. fd is readable while
 * packets wait. */
int ux_memory_port_open(enum ux_port_side side, size_t capacity,
			struct ux_port **ret_port) UX_MUST_CHECK;

/* ux_memory_port_push - a packet (copied) to be received. False: full, or no memory. */
bool ux_memory_port_push(struct ux_port *port, const void *bytes, size_t len, uint32_t mark);

/* ux_memory_port_pop - the next packet that was sent. Returns its length, 0: none; cut to @size. */
size_t ux_memory_port_pop(struct ux_port *port, void *buf, size_t size, uint32_t *ret_mark);
