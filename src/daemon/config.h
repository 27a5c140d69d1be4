/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Settings: built-in values, then the configuration file, then the command line. */

#include <stdbool.h>
#include <stdint.h>

#include "base/ext_ack.h"

#define UX_CONFIG_DEFAULT_PATH "/etc/uxfrm/uxfrmd.conf"

/* Are security labels kept? Automatically: where SELinux is enabled. */
enum ux_labels_setting { UX_LABELS_AUTO, UX_LABELS_ON, UX_LABELS_OFF };

/* What outer packets go and come by. Automatically: AF_XDP where the driver does it itself. */
enum ux_underlay_setting { UX_UNDERLAY_RAW, UX_UNDERLAY_XDP, UX_UNDERLAY_AUTO };

/* How packets of the host come to us: by routes of ours, or by a program on the way out of each device. */
enum ux_capture_setting { UX_CAPTURE_ROUTES, UX_CAPTURE_TC };

struct ux_config {
	/* [daemon] */
	uint32_t grace_ms;
	uint32_t max_sa, max_policy; /* 0 = no limit */
	uint32_t acq_expires;	     /* s */
	uint32_t max_acquire;	     /* 0 = no limit */
	uint32_t max_flows;	     /* that each worker remembers; 0 = none */
	uint32_t workers;	     /* 0 = as many as is sensible here */
	char worker_cpus[256];	     /* they run on, as 0,2,4-7; empty: any */
	bool strict_templates;
	enum ux_labels_setting labels;
	int crypto;	      /* enum ux_crypto_choice; -1: as the environment says */
	uint32_t crypto_keys; /* kept expanded by each worker */
	uint32_t poll_us;	     /* look for packets before sleeping; 0 = never */
	uint32_t hold_ms, hold_bytes;
	bool larval_drop;
	bool strict;	 /* as Linux in all of these: no grace, nothing held, strict templates */
	uint32_t idle_s; /* on demand: end after so long without state and clients */
	int log_level;
	char log_file[256]; /* empty: stderr in the foreground, else syslog */
	/* [control] */
	uint32_t max_clients;	       /* sockets of all users */
	uint32_t max_clients_per_user; /* of one user that is not root */
	uint32_t queue_bytes;	       /* waiting for one client, beyond its socket's own buffer */
	/* [ports] */
	bool ports;
	char tun_name[16]; /* may contain %d */
	uint32_t tun_mtu;
	uint32_t tun_queue;
	bool fail_closed; /* at the end, what policies cover stays shut off */
	uint32_t fwmark;  /* exactly one bit */
	uint32_t table;
	uint32_t rule_priority;
	enum ux_capture_setting capture;
	enum ux_underlay_setting underlay;
	char xdp_devices[256]; /* names; empty: all that can */
	/* command line only */
	bool foreground, on_demand;
	int ready_fd; /* -1: none */
};

void ux_config_init(struct ux_config *config);

/*
 * ux_config_set - one setting by section and name, as it stands in the file. 0, or -EINVAL with the
 * reason in @ext.
 */
int ux_config_set(struct ux_config *config, const char *section, const char *name,
		  const char *value, struct ux_ext_ack *ext) UX_MUST_CHECK;

/* ux_config_read - read a file. 0, -ENOENT, or -EINVAL with line and reason in @ext. */
int ux_config_read(struct ux_config *config, const char *path,
		   struct ux_ext_ack *ext) UX_MUST_CHECK;

/*
 * ux_config_parse_args - read the command line, and the file it names or the default one, which may
 * be missing. 0 = go on; 1 = print the usage or the version was asked for and done; -EINVAL with
 * the reason in @ext.
 */
int ux_config_parse_args(struct ux_config *config, int argc, char **argv,
			 struct ux_ext_ack *ext) UX_MUST_CHECK;
