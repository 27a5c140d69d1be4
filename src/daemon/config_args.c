/* SPDX-License-Identifier: BSD-2-Clause */

/* The command line. Options that are also settings go through the same table as the file. */

#include "daemon/config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: uxfrmd [OPTIONS]\n"
    "The IPsec subsystem of this network namespace, in user space.\n"
    "\n"
    "  -f, --foreground        stay in the foreground, log to stderr\n"
    "  -c, --config FILE       settings (default " UX_CONFIG_DEFAULT_PATH ")\n"
    "      --on-demand         end with the namespace, or when not used\n"
    "      --idle-s N          how long not (default 60)\n"
    "      --ready-fd N        write a newline to descriptor N when all is set up\n"
    "      --no-ports          control sockets only, no packets\n"
    "      --grace-ms N        how long a moved SA is also reachable by its old addresses\n"
    "      --strict-templates  a moved SA leaves its policies, as in Linux\n"
    "      --labels WORD       keep security labels: auto, on or off\n"
    "      --crypto WORD       libraries: auto, openssl or ipsec-mb\n"
    "      --strict            no grace, nothing held, strict templates: as Linux in all of these\n"
    "      --tun-name NAME     name of the TUN device; may contain %d\n"
    "      --tun-mtu N         its MTU\n"
    "      --fwmark BIT        the mark bit of packets that must not come back\n"
    "      --table N           routing table of ours\n"
    "      --rule-priority N   priority of the rule that leads to it\n"
    "      --capture WORD      how packets of the host come here: routes or tc\n"
    "      --underlay WORD     what outer packets go by: raw, xdp or auto\n"
    "      --xdp-devices NAMES by which devices they may go so; default all\n"
    "      --poll-us N         how long a worker looks for packets before it sleeps (default 0)\n"
    "      --log-level WORD    err, warning, notice, info or debug\n"
    "      --log-file FILE     log to a file\n"
    "  -V, --version           print the version\n"
    "  -h, --help              print this\n";

enum {
	OPT_ON_DEMAND = 256,
	OPT_READY_FD,
	OPT_NO_PORTS,
	OPT_STRICT_TEMPLATES,
	OPT_STRICT,
	OPT_SETTING, /* and following: index into setting_options */
};

static const struct {
	const char *section, *name;
} setting_options[] = {
    {"daemon", "grace_ms"},  {"ports", "tun_name"},  {"ports", "tun_mtu"},
    {"ports", "fwmark"},     {"ports", "table"},     {"ports", "rule_priority"},
    {"daemon", "log_level"}, {"daemon", "log_file"}, {"daemon", "idle_s"},
    {"daemon", "labels"},    {"daemon", "crypto"},   {"ports", "underlay"},
    {"ports", "xdp_devices"}, {"daemon", "poll_us"}, {"ports", "capture"},
};

static const struct option options[] = {
    {"foreground", no_argument, NULL, 'f'},
    {"config", required_argument, NULL, 'c'},
    {"on-demand", no_argument, NULL, OPT_ON_DEMAND},
    {"ready-fd", required_argument, NULL, OPT_READY_FD},
    {"no-ports", no_argument, NULL, OPT_NO_PORTS},
    {"strict-templates", no_argument, NULL, OPT_STRICT_TEMPLATES},
    {"strict", no_argument, NULL, OPT_STRICT},
    {"grace-ms", required_argument, NULL, OPT_SETTING + 0},
    {"tun-name", required_argument, NULL, OPT_SETTING + 1},
    {"tun-mtu", required_argument, NULL, OPT_SETTING + 2},
    {"fwmark", required_argument, NULL, OPT_SETTING + 3},
    {"table", required_argument, NULL, OPT_SETTING + 4},
    {"rule-priority", required_argument, NULL, OPT_SETTING + 5},
    {"log-level", required_argument, NULL, OPT_SETTING + 6},
    {"log-file", required_argument, NULL, OPT_SETTING + 7},
    {"idle-s", required_argument, NULL, OPT_SETTING + 8},
    {"labels", required_argument, NULL, OPT_SETTING + 9},
    {"crypto", required_argument, NULL, OPT_SETTING + 10},
    {"underlay", required_argument, NULL, OPT_SETTING + 11},
    {"xdp-devices", required_argument, NULL, OPT_SETTING + 12},
    {"poll-us", required_argument, NULL, OPT_SETTING + 13},
    {"capture", required_argument, NULL, OPT_SETTING + 14},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int parse_fd(const char *text, int *ret_fd, struct ux_ext_ack *ext)
{
	char *end;
	long fd = strtol(text, &end, 10);

	if (end == text || *end || fd < 0 || fd > 1000000)
		return ux_fail(ext, EINVAL, "--ready-fd: not a descriptor");
	*ret_fd = (int)fd;
	return 0;
}

static int apply_option(struct ux_config *config, int opt, struct ux_ext_ack *ext)
{
	switch (opt) {
	case 'c':
		return 0; /* read before all others */
	case 'f':
		config->foreground = true;
		return 0;
	case OPT_ON_DEMAND:
		config->on_demand = true;
		return 0;
	case OPT_READY_FD:
		return parse_fd(optarg, &config->ready_fd, ext);
	case OPT_NO_PORTS:
		config->ports = false;
		return 0;
	case OPT_STRICT_TEMPLATES:
		config->strict_templates = true;
		return 0;
	case OPT_STRICT:
		config->strict = true;
		return 0;
	case 'V':
		printf("uxfrmd %s\n", UXFRM_VERSION);
		return 1;
	case 'h':
		fputs(usage, stdout);
		return 1;
	default:
		break;
	}
	if (opt >= OPT_SETTING)
		return ux_config_set(config, setting_options[opt - OPT_SETTING].section,
				     setting_options[opt - OPT_SETTING].name, optarg, ext);
	return ux_fail(ext, EINVAL, "unknown option; --help lists them");
}

/* The file comes before the other options whatever their order, so that they overrule it. */
static int read_file(struct ux_config *config, int argc, char **argv, struct ux_ext_ack *ext)
{
	const char *path = NULL;
	int opt, err;

	optind = 1;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "fc:Vh", options, NULL)) != -1) {
		if (opt == 'c')
			path = optarg;
	}
	err = ux_config_read(config, path ? path : UX_CONFIG_DEFAULT_PATH, ext);
	if (err == -ENOENT && !path)
		return 0;
	return err;
}

int ux_config_parse_args(struct ux_config *config, int argc, char **argv, struct ux_ext_ack *ext)
{
	int opt, err;

	err = read_file(config, argc, argv, ext);
	if (err)
		return err;
	optind = 1;
	while ((opt = getopt_long(argc, argv, "fc:Vh", options, NULL)) != -1) {
		err = apply_option(config, opt, ext);
		if (err)
			return err;
	}
	if (optind < argc)
		return ux_fail_fmt(ext, EINVAL, NULL, "unexpected argument '%s'", argv[optind]);
	if (config->strict) {
		config->strict_templates = true;
		config->grace_ms = config->hold_ms = 0;
	}
	return 0;
}
