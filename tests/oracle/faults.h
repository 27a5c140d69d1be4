/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Memory that is not there: allocations of the engine that fail. */

#include <stdint.h>

/* faults_arm - the @nth allocation from now on fails, 0 the next one; only that. */
void faults_arm(uint32_t nth);
/* faults_disarm - none fails any more. */
void faults_disarm(void);
