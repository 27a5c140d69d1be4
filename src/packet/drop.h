/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Names and texts of the drop reasons; the list itself is public. */

#include <uxfrm/drop.h>
