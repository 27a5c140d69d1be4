/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/selinux.h"

#include <errno.h>
#include <selinux/selinux.h>
#include <stddef.h>

bool ux_selinux_enabled(void)
{
	return is_selinux_enabled() > 0;
}

char *ux_selinux_peer(int fd)
{
	char *context;

	return getpeercon(fd, &context) < 0 ? NULL : context;
}

void ux_selinux_free(char *context)
{
	freecon(context);
}

int ux_selinux_may_set(const char *who, const char *label)
{
	if (security_check_context(label) < 0)
		return -EINVAL;
	if (!who || selinux_check_access(who, label, "association", "setcontext", NULL) < 0)
		return -EACCES;
	return 0;
}
