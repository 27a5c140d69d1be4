/* SPDX-License-Identifier: BSD-2-Clause */

/* What the daemon says of itself. */

#include <unistd.h>

#include <uxfrm/api.h>
#include <uxfrm/client.h>

#include "client/daemon_link.h"

UXFRM_API int uxfrm_status(char *text, size_t size)
{
	int control = ux_link_connect();

	if (control < 0)
		return control;
	ssize_t n = ux_link_status(control, text, size);

	close(control);
	return n < 0 ? (int)n : 0;
}
