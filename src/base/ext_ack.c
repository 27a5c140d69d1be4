/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/ext_ack.h"

#include <stddef.h>
#include <stdio.h>

static void set_text(struct ux_ext_ack *ext, const char *msg)
{
	(void)snprintf(ext->msg, sizeof(ext->msg), "%s", msg);
}

int ux_fail_at(struct ux_ext_ack *ext, int err, const void *attr, const char *msg)
{
	if (ext) {
		set_text(ext, msg);
		ext->bad_attr = attr;
		ext->miss_type = 0;
	}
	return -err;
}

int ux_fail_fmt(struct ux_ext_ack *ext, int err, const void *attr, const char *fmt, ...)
{
	if (ext) {
		va_list ap;

		va_start(ap, fmt);
		(void)vsnprintf(ext->msg, sizeof(ext->msg), fmt, ap);
		va_end(ap);
		ext->bad_attr = attr;
		ext->miss_type = 0;
	}
	return -err;
}

int ux_fail_miss(struct ux_ext_ack *ext, int err, uint16_t type, const char *msg)
{
	if (ext) {
		set_text(ext, msg);
		ext->bad_attr = NULL;
		ext->miss_type = type;
	}
	return -err;
}

int ux_fail_weak(struct ux_ext_ack *ext, int err, const char *msg)
{
	if (ext && ext->msg[0] == '\0')
		set_text(ext, msg);
	return -err;
}
