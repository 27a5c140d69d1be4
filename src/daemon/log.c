/* SPDX-License-Identifier: BSD-2-Clause */

/* The log. Its target is the one piece of state a process has once, so it is static here. */

#include "daemon/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct {
	enum ux_log_target target;
	FILE *file;
	int level;
} log_state = {UX_LOG_STDERR, NULL, LOG_NOTICE};

static const char *const level_words[] = {"emerg",   "alert",  "crit", "err",
					  "warning", "notice", "info", "debug"};

int ux_log_open(enum ux_log_target target, const char *path, int level)
{
	FILE *file = NULL;

	if (target == UX_LOG_FILE) {
		file = fopen(path, "ae");
		if (!file)
			return -errno;
		setvbuf(file, NULL, _IOLBF, 0);
	}
	if (target == UX_LOG_SYSLOG)
		openlog("uxfrmd", LOG_PID, LOG_DAEMON);
	if (log_state.file)
		fclose(log_state.file);
	log_state.file = file;
	log_state.target = target;
	log_state.level = level;
	return 0;
}

void ux_log(int level, const char *fmt, ...)
{
	va_list args;

	if (level > log_state.level)
		return;
	va_start(args, fmt);
	if (log_state.target == UX_LOG_SYSLOG) {
		vsyslog(level, fmt, args);
	} else {
		FILE *to = log_state.file ? log_state.file : stderr;
		char line[512];

		vsnprintf(line, sizeof(line), fmt, args);
		fprintf(to, "uxfrmd: %s: %s\n", level_words[level], line);
	}
	va_end(args);
}

int ux_log_level_parse(const char *word)
{
	for (int i = LOG_ERR; i <= LOG_DEBUG; i++) {
		if (strcmp(word, level_words[i]) == 0)
			return i;
	}
	return -1;
}
