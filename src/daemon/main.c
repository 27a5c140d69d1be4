/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrmd: the IPsec subsystem of a network namespace, as a process. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"
#include "daemon/control_thread.h"
#include "daemon/crypto_begin.h"
#include "daemon/log.h"
#include "daemon/ready.h"
#include "daemon/sandbox.h"

static int open_log(const struct ux_config *config)
{
	if (config->log_file[0])
		return ux_log_open(UX_LOG_FILE, config->log_file, config->log_level);
	return ux_log_open(UX_LOG_STDERR, NULL, config->log_level);
}

int main(int argc, char **argv)
{
	struct ux_ext_ack ext = {0};
	struct ux_config config;
	int ready_fd = -1;
	int err;

	ux_config_init(&config);
	err = ux_config_parse_args(&config, argc, argv, &ext);
	if (err > 0)
		return 0;
	if (err < 0) {
		fprintf(stderr, "uxfrmd: %s\n", ext.msg);
		return 1;
	}
	if (!config.foreground) {
		ready_fd = ux_daemonize(config.ready_fd);
		if (ready_fd < 0) {
			fprintf(stderr, "uxfrmd: cannot go into the background: %s\n",
				strerror(-ready_fd));
			return 1;
		}
	}
	err = open_log(&config);
	if (err) {
		fprintf(stderr, "uxfrmd: cannot open the log %s: %s\n", config.log_file,
			strerror(-err));
		return 1;
	}
	err = ux_crypto_begin(&config, &ext);
	if (err) {
		ux_log(LOG_ERR, "%s", ext.msg);
		return 1;
	}
	ux_sandbox_early();
	ux_sandbox_descriptors(config.max_clients);
	err = ux_control_thread_run(&config, ready_fd, &ext);
	if (err) {
		ux_log(LOG_ERR, "%s: %s", ext.msg[0] ? ext.msg : "failed", strerror(-err));
		return 1;
	}
	return 0;
}
