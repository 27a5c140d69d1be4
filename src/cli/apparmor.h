/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* warn_of_apparmor - say so when a profile is enforced for @program, which then may neither map our
 * library nor reach uxfrmd. */
void warn_of_apparmor(const char *program);
