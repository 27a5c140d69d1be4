/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* A port by which one of several workers sends to a port that all of them share. */

#include "io/port.h"

/* ux_serial_port_new - @to is borrowed, and shared (ux_port_share). Returns owned, NULL when out of
 * memory. */
struct ux_port *ux_serial_port_new(struct ux_port *to);
