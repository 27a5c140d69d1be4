/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Packets in the midst of requests, out and in again, whole and damaged. */

#include <uxfrm/packet.h>

#include "world.h"

/* traffic_pass - a few packets; NULL, or what does not hold. */
const char *traffic_pass(struct world *w, struct uxfrm_worker *worker);
