/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "world.h"

/* compose_message - one message that is worth sending, its length; 0: none was found. Some are
 * damaged. */
size_t compose_message(struct world *w, uint8_t *to, size_t room);
