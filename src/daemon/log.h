/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The daemon's log: syslog levels, one event = one line, to stderr, to a file or to syslog. Never
 * called from the packet path, never with key material. Control thread and start-up only.
 */

#include <syslog.h>

enum ux_log_target { UX_LOG_STDERR, UX_LOG_SYSLOG, UX_LOG_FILE };

/* ux_log_open - @path: only for UX_LOG_FILE. 0 or -errno. Lines above @level are left out. */
int ux_log_open(enum ux_log_target target, const char *path, int level);
void ux_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ux_log_level_parse - "err", "warning", "notice", "info", "debug"; -1 for any other word. */
int ux_log_level_parse(const char *word);
