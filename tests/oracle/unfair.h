/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "world.h"

/* Which SPI a side takes out of this range is its own choice. */
#define FREE_SPI_MIN 0x71000000u
#define FREE_SPI_MAX 0x717fffffu

/* is_unfair - @m: a message as it is to be sent now. */
bool is_unfair(const struct world *w, const uint8_t *m, size_t len);
